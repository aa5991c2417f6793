"""Configurations of stacks for the tests: those of the repository's own files, with made-up secrets."""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BEDROCK = {"provider": "bedrock", "region": "us-east-1", "model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}
_CLOUD = {"confluentCloudApiKey": "MADEUPCLOUDKEY01", "confluentCloudApiSecret": "made-up-cloud-secret"}
SECRETS = {
    "azureopenai": {**_CLOUD, "azureOpenAiKey": "made-up-azure-key"},
    "bedrock": {**_CLOUD, "awsAccessKey": "made-up-aws-key", "awsSecretKey": "made-up-aws-secret"},
}
"""By provider of the model."""


def declared() -> dict[str, Any]:
    """The project's own keys in Pulumi.yaml, with type, description and default."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    return {key: about for key, about in project["config"].items() if ":" not in key}


def config_of(stack: str, **changes: Any) -> dict[str, str]:
    """What reaches the program of a stack: defaults, then the stack's own file, then changes, as texts."""
    own = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    values = {key: about["default"] for key, about in declared().items() if "default" in about}
    values |= {key.partition(":")[2]: value for key, value in own.items()} | changes
    return {key: _text(value) for key, value in values.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
