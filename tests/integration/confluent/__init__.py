"""
A stand-in for the Confluent provider: Pulumi's engine starts it, and it judges every resource as the real one would.

It reads the provider's rules from `sentinel_cli/preview/provider_rules.json` and keeps its cloud in one JSON file, so
that several provider processes and several runs meet the same cloud. It never waits.
"""
