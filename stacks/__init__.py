"""Typed components of the Pulumi program, one concept a file."""
