"""No secret stands in a statement: whoever may list statements reads it, and the service keeps it."""

import re
from collections.abc import Iterator, Mapping

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from stacks.policies.jobs import text_of
from stacks.policies.resources import FLINK_STATEMENT, known

_NAME = r"(?:api[-_.]?key|api[-_.]?secret|access[-_.]?key|secret(?:[-_.]?key)?|password|passwd|auth[-_.]?token|session[-_.]?token|token|credentials?)"  # noqa: E501
SHAPES: Mapping[str, re.Pattern[str]] = {
    "an access key of AWS": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a secret of Confluent Cloud": re.compile(r"\bcflt[A-Za-z0-9+/]{40,}"),
    "a key of OpenAI": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a bearer token": re.compile(r"\bBearer\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a password in a URL": re.compile(r"://[^/\s:@']+:[^/\s@']+@"),
    "a credential as an option": re.compile(rf"'(?:[^'\n]*[-_.])?{_NAME}'\s*[=,]\s*'[^']+'", re.IGNORECASE),
    "a credential in a text": re.compile(rf"\b{_NAME}\s*=\s*[^\s',;]+", re.IGNORECASE),
    "a secret of the session (sql.secrets)": re.compile(r"\bsql\.secrets\.", re.IGNORECASE),
    "a CREATE CONNECTION, whose options are secrets": re.compile(
        r"\bCREATE\s+(?:OR\s+REPLACE\s+)?CONNECTION\b", re.IGNORECASE
    ),
}
"""What each looks like; a message names the kind and never repeats the text."""


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Line and kind of each secret in a text."""
    for kind, shape in SHAPES.items():
        for match in shape.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, kind


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type != FLINK_STATEMENT:
        return
    advice = "Give it to the connection (stacks/llm_connection.py) from a secret of the configuration, and revoke it."
    for line, kind in findings(text_of(args)):
        report(f"Line {line} of the statement holds {kind}. {advice}", None)
    properties = known(args.props, "properties") or {}
    for key in properties:
        for _, kind in findings(f"'{key}' = '{known(properties, key) or ''}'"):
            report(f"The property {key} holds {kind}. {advice}", None)


POLICY = ResourceValidationPolicy(
    name="no-secrets-in-statements",
    description="No secret stands in a statement's text or properties: "
    "whoever may list statements would read it, and so would the log of every preview.",
    validate=_validate,
)
