"""Alerts from the broker, each with its summary and disposition, printed as they come."""
