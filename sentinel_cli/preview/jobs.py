"""The part of the report on jobs: what begins anew, ends, stops, resumes or waits."""

from collections import defaultdict
from collections.abc import Iterator

from sentinel_cli.preview.changes import Action, Preview
from sentinel_cli.preview.statements import Statement, read_again, state_lost, waiting, why

_HEAD = ("| job | | why | state lost | startsAt | reads again |", "|---|---|---|---|---|---|")


def job_lines(preview: Preview, statements: list[Statement]) -> Iterator[str]:
    """A table of the jobs that begin anew or end, and a sentence on those that stop, resume or wait."""
    jobs = [statement for statement in statements if statement.job]
    rows: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: list(Action).index(job.resource.action)):
        if job.starts_anew or job.resource.action == Action.deleted:
            rows[_row(job, preview)].append(f"`{job.name}`")
    if rows:
        yield from ("### Jobs that begin anew or end", "", *_HEAD)
        yield from (f"| {', '.join(names)} | {' | '.join(row)} |" for row, names in rows.items())
        yield ""
    for sentence, names in (
        ("Stops; its state is kept for 30 days, and what arrives waits in the topics", _switched(jobs, stopped=True)),
        ("Resumes from the state it was stopped with", _switched(jobs, stopped=False)),
        ("Waits until the resume, being changed while stopped; is replaced then", waiting(preview, statements)),
        ("Runs after this `up` although `stopped`, being new; the next one stops it", _new_and_stopped(jobs)),
    ):
        if names:
            yield from (f"**{sentence}**: {', '.join(f'`{name}`' for name in names)}", "")


def _new_and_stopped(jobs: list[Statement]) -> list[str]:
    return [job.name for job in jobs if job.starts_anew and job.resource.step.new.get("stopped")]


def _row(job: Statement, preview: Preview) -> tuple[str, ...]:
    action = job.resource.action
    if action == Action.deleted:
        return str(action), "", state_lost(job), "", "nothing: it ends, what it wrote stays"
    created = action == Action.created
    lost = "" if created else state_lost(job)
    return str(action), "" if created else why(job), lost, job.props.starts_at or "not set", read_again(job, preview)


def _switched(jobs: list[Statement], *, stopped: bool) -> list[str]:
    updated = [job for job in jobs if job.resource.action == Action.updated]
    return [
        job.name
        for job in updated
        if bool(job.resource.step.old.get("stopped")) != stopped
        and bool(job.resource.step.new.get("stopped")) == stopped
    ]
