"""The Flink connection to the language model: Azure OpenAI or AWS Bedrock."""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_confluentcloud as confluent

from stacks.settings import AzureOpenAi, Bedrock

_SECRETS = ["apiKey", "awsAccessKey", "awsSecretKey", "awsSessionToken"]


@dataclass(frozen=True, kw_only=True)
class LlmConnectionArgs:
    """Where the model is, where Flink keeps the connection, and what opens it: a key for Azure, or those of AWS."""

    llm: AzureOpenAi | Bedrock
    flink_region: str
    """Where Flink runs, such as `aws.us-east-1`; connections of all regions of an environment share their names."""
    organization_id: pulumi.Input[str]
    environment_id: pulumi.Input[str]
    rest_endpoint: pulumi.Input[str]
    flink: confluent.Provider
    api_key: pulumi.Input[str] | None = None
    aws_access_key: pulumi.Input[str] | None = None
    aws_secret_key: pulumi.Input[str] | None = None
    aws_session_token: pulumi.Input[str] | None = None


class LlmConnection(pulumi.ComponentResource):
    """
    One Flink connection, named by a hash of its type, endpoint and region.

    Type, endpoint and name cannot be changed in place, so a change makes a new connection beside the old one, which
    goes only after the model, the agent and the jobs that used it have been replaced.
    """

    name: pulumi.Output[str]

    def __init__(self, name: str, args: LlmConnectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("sentinel:stacks:LlmConnection", name, None, opts)
        connection = confluent.FlinkConnection(
            f"{name}-connection",
            display_name=connection_name(args.llm, args.flink_region),
            type=args.llm.provider.upper(),
            endpoint=endpoint(args.llm),
            organization=confluent.FlinkConnectionOrganizationArgs(id=args.organization_id),
            environment=confluent.FlinkConnectionEnvironmentArgs(id=args.environment_id),
            rest_endpoint=args.rest_endpoint,
            # The provider's schema declares none of these a secret, so that each would stand in the state in clear.
            api_key=_secret(args.api_key),
            aws_access_key=_secret(args.aws_access_key),
            aws_secret_key=_secret(args.aws_secret_key),
            aws_session_token=_secret(args.aws_session_token),
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=args.flink,
                additional_secret_outputs=_SECRETS,
                replace_on_changes=["displayName", "type", "endpoint"],
            ),
        )
        self.name = connection.display_name
        self.register_outputs({"name": self.name})


def _secret(value: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
    return None if value is None else pulumi.Output.secret(value)


def endpoint(llm: AzureOpenAi | Bedrock) -> str:
    """The URL that answers a prompt."""
    if isinstance(llm, Bedrock):
        return f"https://bedrock-runtime.{llm.region}.amazonaws.com/model/{llm.model}/invoke"
    base = llm.endpoint.rstrip("/")
    return f"{base}/openai/deployments/{llm.deployment}/chat/completions?api-version={llm.api_version}"


def connection_name(llm: AzureOpenAi | Bedrock, flink_region: str) -> str:
    """`sentinel_llm_connection_` and 8 hex digits of SHA-256 over type, endpoint and region; never over a key."""
    digest = hashlib.sha256(f"{llm.provider}|{endpoint(llm)}|{flink_region}".encode()).hexdigest()
    return f"sentinel_llm_connection_{digest[:8]}"
