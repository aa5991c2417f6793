"""Typed components of the Pulumi program, one concept a file; each can be used by itself."""

from stacks.access import Access, AccessArgs, ClientKeys
from stacks.checks import load_settings
from stacks.llm_connection import LlmConnection, LlmConnectionArgs
from stacks.pipeline import Pipeline, PipelineArgs
from stacks.platform import Platform, PlatformArgs
from stacks.settings import AzureOpenAi, Bedrock, Cluster, Settings, SettingsError, secret
from stacks.statement import Statement, StatementArgs
from stacks.topic import Topic, TopicArgs

__all__ = [
    "Access",
    "AccessArgs",
    "AzureOpenAi",
    "Bedrock",
    "ClientKeys",
    "Cluster",
    "LlmConnection",
    "LlmConnectionArgs",
    "Pipeline",
    "PipelineArgs",
    "Platform",
    "PlatformArgs",
    "Settings",
    "SettingsError",
    "Statement",
    "StatementArgs",
    "Topic",
    "TopicArgs",
    "load_settings",
    "secret",
]
