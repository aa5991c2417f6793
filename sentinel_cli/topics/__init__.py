"""Topics and schemas of the pipeline's tables, for a broker that no stack has made."""
