"""The broker and the registry: where they are, as whom, and the frame that records travel in."""
