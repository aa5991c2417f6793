"""`sentinel consume` is killed at a random moment and started again; what it has printed of every alert."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import orjson

from sentinel_cli.broker.local import LocalBroker
from tests.alerts import alert, alert_id
from tests.integration.kafka.log import write

ALERTS = 3_000
MOST_AGAIN = 500
"""Alerts of a batch: what is printed again after one kill is at most what was not yet committed."""
CONSUME = [sys.executable, "-m", "sentinel_cli", "consume", "--stack", "", "--wait", "0"]


@dataclass(frozen=True)
class Printed:
    """Alerts by what has become of them."""

    expected: int
    lost: int
    """Never printed."""
    again: int
    """Printed again, by the one that was started after the kill."""


def killed(broker: LocalBroker, seed: int) -> Printed:
    """Killed by SIGKILL while it prints."""
    write(broker, [orjson.dumps(alert(number)) for number in range(ALERTS)], "sentinel.aml_alerts")
    out = Path(f"killed-{seed}.jsonl")
    with out.open("wb") as file:
        process = subprocess.Popen(CONSUME, stdout=file, stderr=subprocess.DEVNULL)
        time.sleep(Random(seed).uniform(2, 6))
        process.kill()
        process.wait()
    # The last line may be cut short, as it would be in any pipe.
    before = out.read_bytes().rpartition(b"\n")[0].splitlines()
    after = subprocess.run([*CONSUME, "--timeout", "8"], capture_output=True, check=True).stdout.splitlines()
    printed = Counter(json.loads(line)["alert_id"] for line in [*before, *after])
    expected = {alert_id(number) for number in range(ALERTS)}
    return Printed(ALERTS, len(expected - printed.keys()), printed.total() - len(printed))
