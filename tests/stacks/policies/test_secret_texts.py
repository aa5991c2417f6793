"""Secrets are found by their shape; what only looks like one is left alone."""

import pytest

from stacks.policies.secret_texts import findings

SECRETS = {
    "'AKIAMADEUPMADEUP0000'": "an access key of AWS",
    f"'cflt{'MadeUp0/' * 6}'": "a secret of Confluent Cloud",
    f"'sk-{'madeup' * 5}'": "a key of OpenAI",
    "'Authorization: Bearer made.up.token'": "a bearer token",
    "'eyJtYWRldXA.eyJtYWRldXA.c2ln'": "a JSON web token",
    "-----BEGIN RSA PRIVATE KEY-----": "a private key",
    "'jdbc:postgresql://user:made-up@db/x'": "a password in a URL",
    "'openai.api_key' = 'made-up'": "a credential as an option",
    "MAP['password', 'made-up']": "a credential as an option",
    "'jdbc:x?user=a&password=made-up'": "a credential in a text",
    "SET 'sql.secrets.key' = 'x'": "a secret of the session (sql.secrets)",
    "create connection c WITH ()": "a CREATE CONNECTION, whose options are secrets",
}
HARMLESS = [
    "'azureopenai.PARAMS.max_completion_tokens' = '2000'",
    "'azureopenai.connection' = 'sentinel_llm_connection_0a1b2c3d'",
    "`key`, account_id",
    "'The password was never asked for.'",
    "'https://sentinel.openai.azure.com/openai'",
]


@pytest.mark.parametrize(("text", "kind"), SECRETS.items(), ids=SECRETS.values())
def test_each_kind_is_found_with_its_line(text: str, kind: str) -> None:
    assert (2, kind) in list(findings(f"SELECT 1\n{text}"))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert list(findings(text)) == []
