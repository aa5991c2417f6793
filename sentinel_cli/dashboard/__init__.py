"""The live view of alerts and dispositions in a terminal: a source writes the board, the screen reads it."""
