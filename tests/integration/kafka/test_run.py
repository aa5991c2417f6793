"""`sentinel run` on a real broker: what comes out of the topics is what a replay of the same log gives."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.generator import Mode, generate
from tests.integration.kafka.log import heartbeats, read, wait_for, write

ALERTS, ENRICHED = "sentinel.aml_alerts", "sentinel.aml_alerts_enriched"
DISPOSITIONS = "sentinel.alert_dispositions"


@contextmanager
def running(*options: str) -> Iterator[subprocess.Popen[str]]:
    """The service, stopped by SIGTERM at the end."""
    command = [sys.executable, "-m", "sentinel_cli", "run", "--state", "state", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        print(process.communicate(timeout=60)[1])


def test_the_alerts_are_those_of_a_replay(fresh: LocalBroker, tmp_path: Path) -> None:
    stream = generate(5_000, 200, Mode.mixed, 7)
    lines = list(stream.transactions)
    write(fresh, lines)
    heartbeats(fresh, stream.lap.end + 86_400_000)
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    command = [sys.executable, "-m", "sentinel_cli", "replay", "in.jsonl", "--out", "out.jsonl"]
    subprocess.run(command, check=True, capture_output=True)
    expected = len((tmp_path / "out.jsonl").read_text().splitlines())
    with running():
        found = wait_for(fresh, DISPOSITIONS, expected)
    assert len(found) == expected
    assert len(read(fresh, ALERTS)) == len(read(fresh, ENRICHED)) == expected
