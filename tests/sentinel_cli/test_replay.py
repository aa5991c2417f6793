import json
from pathlib import Path

from sentinel_cli.replay import STEP_ROWS, Request, replay

START = 1_736_121_600_000
ACCOUNTS = 60_000
"""With one transaction each, more than stand in a step."""


def line(number: int, account: int, place: int) -> str:
    event = {
        "event_id": f"e{number}", "account_id": f"A{account}", "customer_id": "C", "amount": 10.0, "currency": "USD",
        "transaction_type": "CARD", "direction": "IN", "country": ("US", "FR", "DE")[place],
        "event_time": START + number,
    }  # fmt: skip
    return json.dumps(event) + "\n"


def test_partitions_keep_the_order_in_which_rows_arrived(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    with path.open("w") as file:
        for account in range(ACCOUNTS):
            file.write(line(account, account, 0))
        for number in range(30):
            file.write(line(ACCOUNTS + number, number // 3, number % 3))
    assert ACCOUNTS > STEP_ROWS
    found = []
    for partitions in (None, 1, 4):
        with replay(Request([str(path)], rules=["geo", "geo_rolling"], partitions=partitions)) as outcome:
            assert outcome.summary.late == 0
            found.append(sorted(json.dumps(alert, default=str) for alert in outcome.alerts))
    assert len(found[0]) == 20
    assert found[1] == found[0]
    assert found[2] == found[0]
