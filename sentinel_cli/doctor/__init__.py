"""Whether a machine can reach what it is set to reach, and whether that is what the commands expect."""
