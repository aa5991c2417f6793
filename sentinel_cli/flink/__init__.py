"""The referee: the same statements on Apache Flink."""
