"""`sentinel produce` over TLS with a key: what it may do is enough, and no secret is ever shown."""

import time

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from sentinel_cli.kafka.connection import Account
from tests.integration.kafka.producing import counts, one_sentence, produce, undelivered
from tests.integration.kafka.secure import SECRETS, SecureBroker, allow

BROKER, SECRET = "SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT", "SENTINEL_PRODUCER_KAFKA_API_SECRET"
WRONG = "made-up-wrong-secret"


def assert_no_secret(output: str) -> None:
    assert [secret for secret in (*SECRETS.values(), WRONG) if secret in output] == []


def test_with_the_producers_rights_two_runs_arrive(secured: SecureBroker) -> None:
    for _ in range(2):
        done = produce("--events", "50", "--delay", "0", "--verbose")
        assert (done.returncode, counts(done.stderr)) == (0, (50, 0, 0))
        assert_no_secret(done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        (SECRET, WRONG, "refuses the key or its secret"),
        (BROKER, "nowhere.invalid:9092", "has no such host name"),
        (BROKER, "localhost:9", "cannot be reached"),
        ("SENTINEL_KAFKA_CA_LOCATION", "", "certificate"),
        ("SENTINEL_PRODUCER_SCHEMA_REGISTRY_API_SECRET", WRONG, "refuses the key or its secret"),
    ],
)
def test_what_is_wrong_is_one_sentence_within_seconds(
    secured: SecureBroker, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    started = time.monotonic()
    done = produce("--verbose")
    assert time.monotonic() - started < 15
    assert (done.returncode, done.stdout) == (1, "")
    assert says in one_sentence(done.stderr)
    assert_no_secret(done.stderr)


def test_a_right_that_is_missing_ends_the_run_with_all_counted(secured: SecureBroker) -> None:
    _revoke(secured, AclOperation.WRITE)
    try:
        done = produce("--events", "50", "--delay", "50")
    finally:
        allow(secured)
    assert done.returncode == 1
    assert "Nothing more could be sent" in done.stderr
    sent, rejected, lost = counts(done.stderr)
    assert (sent, rejected, len(undelivered())) == (0, 0, lost)
    assert 0 < lost < 50


def test_without_the_right_to_read_it_says_so(secured: SecureBroker) -> None:
    assert produce("--events", "5", "--delay", "0").returncode == 0
    _revoke(secured, AclOperation.READ)
    try:
        done = produce("--events", "5", "--delay", "0")
    finally:
        allow(secured)
    assert done.returncode == 1
    assert "does not let this key read a topic" in one_sentence(done.stderr)


def _revoke(broker: SecureBroker, operation: AclOperation) -> None:
    """Take a right on the transactions away from the producer."""
    where = (ResourceType.TOPIC, "sentinel.transactions_raw", ResourcePatternType.LITERAL)
    found = AclBindingFilter(*where, f"User:{Account.producer}", "*", operation, AclPermissionType.ALLOW)
    admin = AdminClient(broker.connection().client())
    for answer in admin.delete_acls([found]).values():
        assert len(answer.result(30)) == 1
