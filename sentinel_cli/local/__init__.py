"""The embedded engine: the pipeline's Flink SQL on DuckDB, in one process."""
