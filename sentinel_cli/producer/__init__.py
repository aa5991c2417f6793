"""Writes transactions to Kafka: judged by the registry's schema, each of them counted to its end."""
