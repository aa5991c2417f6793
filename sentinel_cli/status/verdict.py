"""What each phase means for a statement, and what to do. The phases are those of Confluent Cloud for Apache Flink."""

from dataclasses import dataclass

from sentinel_cli.status.flink_api import GONE, Reading

JOB = "insert"
"""The kind of statement that runs until it is stopped; all others are DDL that ends."""
_REPLACE = "`pulumi up --replace URN`, with the URN from `pulumi stack --show-urns`"
_JOB_ADVICE = {
    "FAILED": f"It has ended and does not come back by itself: mend what the detail says, then {_REPLACE}.",
    "FAILING": "It is about to end as FAILED: read the detail, and look again in a minute.",
    "DEGRADED": "It restarts again and again, or starves, and still costs CFUs: if its topic is silent it recovers "
    f"when data flows; else mend what the detail says, then {_REPLACE}.",
    "PENDING": "It waits for CFUs: if it still does after 30 minutes the pool is exhausted; raise sentinel-aml:maxCfu.",
    "COMPLETED": f"It has ended, which a job on a stream must not: {_REPLACE}.",
    "STOPPED": "It is stopped although the stack wants it to run: `pulumi up --refresh` resumes it, with its state "
    "for 30 days.",
    "STOPPING": "It is being stopped: look again in a minute.",
    "RUNNING": "It runs although the stack is `stopped`: a new stack starts its jobs first; a second `pulumi up` stops "
    "them.",
    "DELETING": "It is being deleted: look again when the `pulumi up` that does so is over.",
    GONE: "The service does not have it: deleted, or purged 30 days after it ended; `pulumi up --refresh` creates it "
    "anew, without its state.",
}
_DDL_ADVICE = {
    "FAILED": f"What it declares was not made, and jobs that need it cannot start: mend it, then {_REPLACE}.",
    "FAILING": f"What it declares was not made, and jobs that need it cannot start: mend it, then {_REPLACE}.",
    "STOPPED": f"It was stopped before it was done: {_REPLACE}.",
}
_DDL_WAITS = "It is not done yet, and jobs that need it cannot start: look again in a minute."
_LASTING = frozenset({"FAILED", "COMPLETED", GONE})
"""Phases that no waiting changes."""


@dataclass(frozen=True)
class Verdict:
    """A statement as it is, as it should be, and what to do where the two differ."""

    name: str
    kind: str
    expected: str
    phase: str
    detail: str
    advice: str

    @property
    def ok(self) -> bool:
        """Whether nothing needs to be done."""
        return not self.advice

    @property
    def lasting(self) -> bool:
        """Whether waiting cannot help."""
        return not self.ok and self.phase in _LASTING


def judge(kinds: dict[str, str], readings: dict[str, Reading], *, stopped: bool) -> list[Verdict]:
    """A verdict for each statement, those with something to do first; `stopped` is what the stack wants of its jobs."""
    verdicts = [_verdict(name, kind, readings[name], stopped) for name, kind in kinds.items()]
    return sorted(verdicts, key=lambda verdict: (verdict.ok, verdict.kind != JOB, verdict.name))


def _verdict(name: str, kind: str, reading: Reading, stopped: bool) -> Verdict:
    job = kind == JOB
    expected = ("STOPPED" if stopped else "RUNNING") if job else "COMPLETED"
    well = reading.phase == expected or (not job and reading.phase == GONE)
    advice = "" if well else _job_advice(reading.phase) if job else _DDL_ADVICE.get(reading.phase, _DDL_WAITS)
    return Verdict(name, kind, expected, reading.phase, reading.detail, advice)


def _job_advice(phase: str) -> str:
    return _JOB_ADVICE.get(phase, "This phase is not known here: see it in the console of Confluent Cloud.")
