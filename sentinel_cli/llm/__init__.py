"""Models behind an OpenAI-compatible interface."""
