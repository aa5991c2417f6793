"""The managed functions over a model's endpoint: ML_PREDICT and AI_RUN_AGENT through the `openai` package."""
