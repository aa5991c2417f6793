"""What a person decides on an alert."""
