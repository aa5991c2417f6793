"""What the stack's jobs cost while they run: compute units (CFUs) that are always on."""

from dataclasses import dataclass

from sentinel_cli.preview.changes import Action, Preview
from sentinel_cli.preview.statements import JOB, Statement

USD_PER_CFU_HOUR = 0.21
"""Confluent's list price in 2025; it depends on the region since."""
_HOURS = 730
"""Hours of a month: 8,760 / 12."""


@dataclass(frozen=True)
class Cost:
    """Running jobs before and after, and at the most while the up goes on; each costs at least one CFU."""

    before: int
    after: int
    meanwhile: int
    pool: int | None

    @property
    def per_month(self) -> tuple[float, float]:
        """US dollars a month before and after, at least."""
        return self.before * USD_PER_CFU_HOUR * _HOURS, self.after * USD_PER_CFU_HOUR * _HOURS


def cost_of(preview: Preview, statements: list[Statement]) -> Cost:
    """The cost of the stack as it is and as it will be; jobs that the preview hides count by the stack's outputs."""
    jobs = [statement for statement in statements if statement.job]
    listed = preview.outputs.get("statements")
    hidden = {name for name, kind in listed.items() if kind == JOB} if isinstance(listed, dict) else set()
    hidden -= {statement.name for statement in statements}
    ran = len(hidden) * (not preview.outputs.get("stopped")) + sum(_ran(job) for job in jobs)
    runs = len(hidden) * (preview.config.get("sentinel-aml:stopped") != "true") + sum(_runs(job) for job in jobs)
    made = sum(job.resource.action == Action.created for job in jobs)
    return Cost(ran, runs, max(ran, runs, ran + made), _pool(preview))


def _ran(job: Statement) -> bool:
    return job.resource.action != Action.created and not job.resource.step.old.get("stopped")


def _runs(job: Statement) -> bool:
    """A new statement runs even if it is meant to be stopped: it cannot be made otherwise, and the next up stops it."""
    if job.starts_anew:
        return True
    return job.resource.action != Action.deleted and not job.resource.step.new.get("stopped")


def _pool(preview: Preview) -> int | None:
    pool = next(iter(preview.of_kind("FlinkComputePool")), None)
    size = pool.step.new.get("maxCfu") if pool else preview.config.get("sentinel-aml:maxCfu")
    return int(size) if size is not None and str(size).replace(".0", "").isdigit() else None
