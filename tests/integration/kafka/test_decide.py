"""`sentinel decide` on a real broker: recorded in ledger and topic, once, or refused."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from sentinel_cli.analyst.decision import latest
from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.wire import frame
from sentinel_cli.ledger.record import Record, read_record
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.ledger.verify import verify
from tests.alerts import alert, alert_id, disposition
from tests.integration.kafka.log import read, schema_of, write
from tests.integration.kafka.secure import SecureBroker
from tests.integration.kafka.test_dashboard import following, soon
from tests.integration.kafka.topics import connection

ALERTS, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.alert_dispositions"
ANALYST_DECISIONS = "sentinel.analyst_decisions"


def decide(*words: str, reason: str = "A known customer.", by: str = "A. Analyst") -> tuple[int, str]:
    """Its exit code, and what it says."""
    command = [sys.executable, "-m", "sentinel_cli", "decide", *words, "--reason", reason, "--by", by, "--stack", ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def kept() -> list[Record]:
    ledger = Ledger(Path("ledger.sqlite"))
    return [read_record(entry.content) for entry in ledger.entries()] if ledger.path.exists() else []


def test_a_decision_is_in_the_ledger_in_the_topic_and_on_the_dashboard(fresh: LocalBroker) -> None:
    write(fresh, [orjson.dumps(alert(n)) for n in range(20)], ALERTS)
    write(fresh, [orjson.dumps(disposition(n)) for n in range(20)], DISPOSITIONS)
    said = f"recorded: DISMISS on {alert_id(7)} by A. Analyst\n"
    assert decide(alert_id(7), "dismiss") == (0, said)
    assert decide(alert_id(8), "ESCALATE", reason="Cash in, ✓.") == (
        0,
        said.replace(alert_id(7), alert_id(8)).replace("DISMISS", "ESCALATE"),
    )
    rows = sorted(read(fresh, ANALYST_DECISIONS), key=lambda row: row["decided_at"])
    assert [(row["alert_id"], row["account_id"], row["decision"], row["reason"]) for row in rows] == [
        (alert_id(7), "ACC-000007", "DISMISS", "A known customer."),
        (alert_id(8), "ACC-000008", "ESCALATE", "Cash in, ✓."),
    ]
    assert [(r.alert_id, r.result["decided_by"], r.time) for r in kept()] == [
        (row["alert_id"], "A. Analyst", row["decided_at"]) for row in rows
    ]
    assert verify(Ledger(Path("ledger.sqlite"))).findings == ()
    with following(fresh) as board:
        shown = soon(board, lambda b: b.agreement == (1, 2))
        cases = {case.row["alert_id"]: case.row for case in shown.cases}
        assert (cases[alert_id(7)]["decision"], cases[alert_id(7)]["analyst_decision"]) == ("ESCALATE", "DISMISS")


def test_said_again_it_is_one_decision(fresh: LocalBroker) -> None:
    write(fresh, [orjson.dumps(alert(1))], ALERTS)
    for _ in range(2):
        assert decide(alert_id(1), "REVIEW")[0] == 0
    first, again = read(fresh, ANALYST_DECISIONS)
    assert first == again
    assert len(kept()) == 1


def test_said_again_after_another_desk_has_decided_it_counts(fresh: LocalBroker, tmp_path: Path) -> None:
    write(fresh, [orjson.dumps(alert(1))], ALERTS)
    assert decide(alert_id(1), "ESCALATE")[0] == 0
    other = ("--ledger", str(tmp_path / "other.sqlite"))
    assert decide(alert_id(1), "DISMISS", *other, by="B. Other")[0] == 0
    assert decide(alert_id(1), "ESCALATE")[0] == 0
    counts = latest(read(fresh, ANALYST_DECISIONS))
    assert counts is not None
    assert (counts["decision"], counts["decided_by"]) == ("ESCALATE", "A. Analyst")
    assert [record.time for record in kept()][-1] == counts["decided_at"]


@pytest.mark.parametrize(
    ("words", "given", "says"),
    [
        ([alert_id(99), "REVIEW"], {}, f"There is no alert {alert_id(99)} in {ALERTS}."),
        ([alert_id(1), "FORGET"], {}, "'FORGET' is not one of"),
        ([alert_id(1), "REVIEW"], {"reason": "  "}, "--reason is empty"),
        ([alert_id(1), "REVIEW"], {"by": ""}, "--by is empty"),
        (["1234", "REVIEW"], {}, "1234 is no alert's id"),
    ],
)
def test_what_cannot_be_is_refused_and_not_recorded(
    fresh: LocalBroker, words: list[str], given: dict[str, str], says: str
) -> None:
    write(fresh, [orjson.dumps(alert(1))], ALERTS)
    status, said = decide(*words, **given)
    assert (status, says in " ".join(said.split())) == (2, True), said
    assert (read(fresh, ANALYST_DECISIONS), kept()) == ([], [])


def test_an_alert_that_was_not_committed_is_not_known(fresh: LocalBroker) -> None:
    producer = Producer(connection(fresh).client({"transactional.id": "tests"}))
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(ALERTS, frame(schema_of(fresh, ALERTS), orjson.dumps(alert(1))), b"ACC-000001")
    producer.flush(30)
    producer.abort_transaction(30)
    assert decide(alert_id(1), "REVIEW")[0] == 2
    assert kept() == []


def test_without_a_ledger_nothing_is_decided(fresh: LocalBroker) -> None:
    write(fresh, [orjson.dumps(alert(1))], ALERTS)
    Path("ledger.sqlite").write_bytes(b"something else" * 100)
    status, said = decide(alert_id(1), "REVIEW")
    assert (status, "cannot be written" in said) == (1, True)
    assert read(fresh, ANALYST_DECISIONS) == []


def test_without_its_topic_it_says_what_to_do(fresh: LocalBroker) -> None:
    write(fresh, [orjson.dumps(alert(1))], ALERTS)
    admin = AdminClient(connection(fresh).client())
    for answer in admin.delete_topics([ANALYST_DECISIONS]).values():
        answer.result(timeout=30)
    status, said = decide(alert_id(1), "REVIEW")
    assert (status, "run the command again" in said) == (1, True), said
    assert len(kept()) == 1


def test_the_analysts_key_is_enough(secured: SecureBroker) -> None:
    where = secured.connection()
    producer = Producer(where.client({}))
    producer.produce(ALERTS, frame(schema_of(secured.local, ALERTS), orjson.dumps(alert(1))), b"ACC-000001")
    assert producer.flush(30) == 0
    assert decide(alert_id(1), "ESCALATE") == (0, f"recorded: ESCALATE on {alert_id(1)} by A. Analyst\n")
