"""What can go wrong while the service runs, at random moments, and what must be in the topics afterwards."""

import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.generator import Mode, generate
from sentinel_cli.replay import Request, replay
from sql.topics import DEAD_LETTERS
from tests.integration.kafka.log import RAW, heartbeats, read, unread, wait_for, write
from tests.integration.kafka.running import ALERTS, DAY, DISPOSITIONS, ENRICHED, LATE, disordered, start, stop

EVENTS, ACCOUNTS, SECONDS, REACH = 8_000, 1_000, 8, 100
"""A stream, and how long it takes to come in."""
SENSITIVE: dict[str, object] = {
    "structuring_multiday.min_transactions": 2,
    "structuring_multiday.min_amount": "100.00",
    "geo_rolling.min_countries": 2,
}
"""Rules that fire on much more than they should: the more alerts there are, the sooner one that is lost shows."""


@dataclass(frozen=True)
class Count:
    """What a run with faults has done, against a replay of the same log."""

    expected: int
    lost: int
    """Alerts, enriched alerts and dispositions that are not there, or should not be."""
    twice: int
    """Those, and late transactions, that stand in a topic more often than once, read committed."""
    unaccounted: int
    """
    Records of the input that are not accounted for: behind the offsets that were committed at the end, late in one
    place alone, or a dead letter, since none is bad.
    """

    @property
    def is_clean(self) -> bool:
        """Whether every alert and disposition is there, once, and everything was read and judged alike."""
        return self.expected > 0 and (self.lost, self.twice, self.unaccounted) == (0, 0, 0)


SMALL_DISK = (
    *("unshare", "--map-root-user", "--mount", "sh", "-c"),
    'mkdir -p state && mount -t tmpfs -o size=$0 tmpfs state && exec "$@"',
)
"""Runs a command with a disk of some size at `state`, which nobody else sees and which ends with the command."""


class Scene:
    """A broker, services on it, and dice for the moments."""

    def __init__(self, broker: LocalBroker, seed: int) -> None:
        self.broker, self.dice = broker, Random(seed)
        self.services = [start(*OPTIONS)]
        self.stopped = threading.Event()

    def pause(self, least: float, most: float) -> None:
        """Wait for a random time, in seconds."""
        self.stopped.wait(self.dice.uniform(least, most))

    def kill(self, number: int = 0) -> None:
        """Kill a service where it stands."""
        stop(self.services[number], signal.SIGKILL)

    def restart(self, number: int = 0, within: Sequence[str] = ()) -> None:
        """Start a service in the place of one that has ended; `within` is a command that runs it."""
        self.services[number] = start(*OPTIONS, within=within)

    def snapshots(self) -> list[Path]:
        """The folders of the snapshots that there are."""
        return sorted(Path("state").glob("*/partition-*/[0-9]*"))


OPTIONS = (
    *("--snapshot-interval", "2", "--registry-wait", "30"),
    *(word for name, value in SENSITIVE.items() for word in ("--set", f"{name}={value}")),
)
Fault = Callable[[Scene], None]


def run_killed(scene: Scene) -> None:
    """The service is killed three times, between any two of read, compute, write and commit."""
    for _ in range(3):
        scene.pause(1.5, 4)
        scene.kill()
        scene.restart()


def broker_killed(scene: Scene) -> None:
    """The broker is killed and comes back."""
    scene.pause(2, 5)
    scene.broker.kafka.stop(seconds=0)
    scene.pause(0, 2)
    scene.broker.kafka.start()


def one_of_two_killed(scene: Scene) -> None:
    """A second instance shares the partitions, in two threads; then one of them is killed."""
    scene.services.append(start(*OPTIONS, "--threads", "2"))
    scene.pause(4, 8)
    scene.kill(scene.dice.randrange(2))


def registry_away(scene: Scene) -> None:
    """The registry goes, a service starts without it, and it comes back."""
    scene.pause(1, 4)
    scene.broker.registry.stop(seconds=0)
    scene.kill()
    scene.restart()
    scene.pause(2, 5)
    scene.broker.start()


def snapshots_spoiled(scene: Scene) -> None:
    """Snapshots are cut short, deleted, newer than what was committed, or of other rules, while the service is down."""
    scene.pause(5, 8)
    scene.kill()
    for folder in scene.snapshots():
        match scene.dice.randrange(4):
            case 0:
                file = scene.dice.choice(sorted(folder.iterdir()))
                os.truncate(file, file.stat().st_size // 2)
            case 1:
                shutil.rmtree(folder)
            case 2:
                folder.rename(folder.with_name(f"{int(folder.name) + 10**9:020d}"))
            case 3:
                manifest = json.loads((folder / "snapshot.json").read_text())
                (folder / "snapshot.json").write_text(json.dumps(manifest | {"versions": "others"}))
    scene.restart()


def state_unwritable(scene: Scene) -> None:
    """The place of the snapshots becomes a file: none can be written from then on, and a restart finds none."""
    scene.pause(3, 5)
    for home in Path("state").glob("*/partition-*"):
        shutil.rmtree(home, ignore_errors=True)
        with suppress(OSError):  # the service has just made it again
            home.write_text("")
    scene.pause(2, 3)
    scene.kill()
    scene.restart()


def state_full(scene: Scene) -> None:
    """The service goes on with its state on a small disk, which is full at once or in a while, and once more so."""
    for _ in range(2):
        scene.pause(2, 4)
        scene.kill()
        scene.restart(within=[*SMALL_DISK, f"{scene.dice.choice((4, 12, 40, 120, 400))}k"])


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        run_killed,
        broker_killed,
        one_of_two_killed,
        registry_away,
        snapshots_spoiled,
        state_unwritable,
        state_full,
    )
}


def count(broker: LocalBroker, fault: Fault, seed: int) -> Count:
    """Let a stream come in while a fault happens; what is in the topics at the end, against a replay."""
    stream = generate(EVENTS, ACCOUNTS, Mode.mixed, seed)
    lines = disordered(list(stream.transactions), seed, REACH)
    Path("in.jsonl").write_bytes(b"\n".join(lines))
    with replay(Request(["in.jsonl"], partitions=6, parameters=SENSITIVE)) as outcome:
        expected, late = {row["alert_id"] for row in outcome.alerts}, outcome.summary.late
    scene = Scene(broker, seed)
    trouble = threading.Thread(target=fault, args=(scene,))
    try:
        trouble.start()
        pieces = 20
        for piece in range(pieces):
            write(broker, lines[piece * EVENTS // pieces : (piece + 1) * EVENTS // pieces], patience=90)
            time.sleep(SECONDS / pieces)
        trouble.join()
        heartbeats(broker, stream.lap.end + DAY)
        wait_for(broker, DISPOSITIONS, len(expected), 90)
        left = wait_until_read(broker, 60)
    finally:
        scene.stopped.set()
        for service in scene.services:
            code = stop(service) if service.poll() is None else service.returncode
            assert code in {0, -signal.SIGKILL}, Path("run.log").read_text()
        broker.start()
    found = {topic: [row["alert_id"] for row in read(broker, topic)] for topic in (ALERTS, ENRICHED, DISPOSITIONS)}
    lost = sum(len(expected - set(ids)) for ids in found.values())
    twice = sum(times - 1 for ids in found.values() for times in Counter(ids).values())
    lost += sum(len(set(ids) - expected) for ids in found.values())
    told = Counter(row["event_id"] for row in read(broker, LATE))
    twice += sum(times - 1 for times in told.values())
    return Count(len(expected), lost, twice, left + abs(len(told) - late) + len(read(broker, DEAD_LETTERS)))


def wait_until_read(broker: LocalBroker, seconds: float) -> int:
    """Records that are still behind the committed offsets when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        left = unread(broker, RAW, "sentinel-detect") + unread(broker, ALERTS, "sentinel-triage")
        if not left or time.monotonic() > deadline:
            return left
