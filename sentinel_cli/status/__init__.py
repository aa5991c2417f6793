"""What the Flink API says of the stack's statements, and what to do about it."""
