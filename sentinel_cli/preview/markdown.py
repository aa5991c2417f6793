"""The report: Markdown that a reviewer reads in a minute, the gravest first."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from sentinel_cli.preview.ai import TextChange, ai_changes, text_change
from sentinel_cli.preview.changes import Action, Preview, Resource, shown
from sentinel_cli.preview.cost import USD_PER_CFU_HOUR, cost_of
from sentinel_cli.preview.gates import clusters_lost, protected_lost, refused, shortened, topics_lost, unprotected
from sentinel_cli.preview.jobs import job_lines
from sentinel_cli.preview.provider_rules import Outcome
from sentinel_cli.preview.statements import Statement

_NAMES = 5
"""Names of resources that a line shows; the rest is counted."""


def report(preview: Preview, statements: list[Statement]) -> str:
    """The whole report, with a line break at its end."""
    parts = (
        _alarms(preview),
        _summary(preview),
        _table(preview),
        job_lines(preview, statements),
        _ai(preview, statements),
        _sql(statements),
        _updates(preview),
        _unforeseen(preview),
        _cost(preview, statements),
        _warnings(preview),
    )
    return "\n".join(line for part in parts for line in part).strip("\n") + "\n"


def named(names: Iterable[str]) -> str:
    """Names as code, the first few of many."""
    listed = list(names)
    rest = f" and {len(listed) - _NAMES} more" if len(listed) > _NAMES else ""
    return ", ".join(f"`{name}`" for name in listed[:_NAMES]) + rest


def _alarms(preview: Preview) -> Iterator[str]:
    for resource in clusters_lost(preview):
        what = "ENVIRONMENT" if resource.kind == "Environment" else "KAFKA CLUSTER"
        yield f"# THE {what} IS {resource.action.upper()}: every topic in it and every record of them is lost"
        changes = resource.inputs if resource.action == Action.replaced else ()
        causes = [f"{c.path} {shown(c.old)} → {shown(c.new)}" for c in changes if c.outcome == Outcome.replaced]
        yield f"`{resource.step.name}`{': ' if causes else ''}{'; '.join(causes)}"
        yield ""
    for action in (Action.replaced, Action.deleted):
        topics = [topic.step.name for topic in topics_lost(preview) if topic.action == action]
        if topics:
            count = _count(len(topics), "topic")
            yield f"**{count} {action}, all records in them lost**: {', '.join(map(_code, topics))}"
            yield ""
    for what, resources in (
        ("Kept for a shorter time, older records are deleted", shortened(preview)),
        ("Protection is taken off, so that a later `up` may delete", unprotected(preview)),
    ):
        if resources:
            yield from (f"**{what}**: {named(resource.step.name for resource in resources)}", "")
    if protected := protected_lost(preview):
        yield f"**Protected, so that Pulumi refuses**: {named(r.step.name for r in protected)}"
        yield ""
    for resource in refused(preview):
        reasons = "; ".join(f"{c.path}: {c.why}" for c in resource.inputs if c.outcome == Outcome.refused)
        yield f"**The up will fail at `{resource.step.name}`**: {reasons}"
        yield ""


def _summary(preview: Preview) -> Iterator[str]:
    counts = Counter(resource.action for resource in preview.changed)
    said = ", ".join(f"{counts[action]} {action}" for action in Action if counts[action])
    yield f"## Preview of `{preview.stack}`: {said or 'nothing to do'}"
    yield ""


def _table(preview: Preview) -> Iterator[str]:
    groups: dict[tuple[Action, str], list[str]] = defaultdict(list)
    for resource in preview.changed:
        groups[resource.action, resource.kind].append(resource.step.name)
    if not groups:
        return
    yield from ("| | resources | names |", "|---|---|---|")
    order = list(Action)
    for (action, kind), names in sorted(groups.items(), key=lambda group: (order.index(group[0][0]), group[0][1])):
        yield f"| {action} | {len(names)} {kind} | {named(sorted(names))} |"
    yield ""


def _ai(preview: Preview, statements: list[Statement]) -> Iterator[str]:
    changes = ai_changes(preview, statements)
    if changes:
        yield from ("### Models and prompts", "")
    for change in changes:
        yield from (f"- {change.sentence}", *_block(change, "  "))
    if changes:
        yield ""


def _sql(statements: list[Statement]) -> Iterator[str]:
    plain = [statement for statement in statements if statement.kind not in ("model", "agent")]
    changes = [change for statement in plain if (change := text_change(statement))]
    if changes:
        yield from ("### Changed SQL", "")
    for change in changes:
        lines = sum(line.startswith("+") for line in change.diff.splitlines())
        yield f"<details><summary><code>{change.sentence}</code>: {_count(lines, 'line')}</summary>"
        yield from (*_block(change, ""), "", "</details>", "")


def _block(change: TextChange, indent: str) -> Iterator[str]:
    if change.diff:
        longest = max((len(ticks) for ticks in re.findall(r"`+", change.diff)), default=0)
        fence = "`" * max(3, longest + 1)
        yield from (f"{indent}{line}" for line in ("", f"{fence}diff", *change.diff.splitlines(), fence))


def _updates(preview: Preview) -> Iterator[str]:
    lines = [line for resource in preview.resources if (line := _update(resource))]
    if lines:
        yield from ("### Updated in place", "", *lines, "")


def _update(resource: Resource) -> str:
    """The inputs that change in place; empty for what is told elsewhere: connections, stopping and resuming."""
    if resource.action != Action.updated or resource.kind in ("FlinkConnection", "Provider"):
        return ""
    changes = [c for c in resource.inputs if (resource.kind, c.path) != ("FlinkStatement", "stopped")]
    told = "; ".join(f"{_code(c.path)} {shown(c.old)} → {shown(c.new)}" for c in changes)
    return f"- {resource.kind} `{resource.step.name}`: {told}" if told else ""


def _unforeseen(preview: Preview) -> Iterator[str]:
    unforeseen = [resource for resource in preview.resources if resource.unforeseen]
    if not unforeseen:
        return
    yield from ("### Of a changed provider", "")
    yield "Pulumi shows these as updated and cannot tell what changes; read from their inputs by the provider's rules:"
    yield ""
    untouched = Counter(r.kind for r in unforeseen if r.action == Action.untouched)
    if untouched:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(untouched.items()))
        yield f"- Key rotation only, no change in the cloud: {kinds}. Secrets cannot be compared."
    for resource in (r for r in unforeseen if r.action != Action.untouched):
        paths = ", ".join(_code(change.path) for change in resource.inputs)
        yield f"- {resource.kind} `{resource.step.name}` is {_will(resource)}: {paths}"
    yield ""


def _will(resource: Resource) -> str:
    return "**replaced**" if resource.action == Action.replaced else str(resource.action)


def _cost(preview: Preview, statements: list[Statement]) -> Iterator[str]:
    cost = cost_of(preview, statements)
    if not cost.before and not cost.after:
        return
    steady = cost.before == cost.after
    units = f"{cost.after}, as before" if steady else f"{cost.before} before, {cost.after} after"
    between = f", {cost.meanwhile} in between" if cost.meanwhile > max(cost.before, cost.after) else ""
    pool = f" (the pool allows {cost.pool})" if cost.pool is not None else ""
    before, after = (f"{usd:,.0f}" for usd in cost.per_month)
    price = after if steady else f"{before} and {after}"
    yield f"**Always-on CFUs**, at least one for each running job: {units}{between}{pool}; about {price} USD a month"
    yield f"at {USD_PER_CFU_HOUR} USD a CFU-hour (list price of 2025, depends on the region), with LLM calls on top."
    if cost.pool is not None and cost.meanwhile > cost.pool:
        yield f"**The pool is too small**: jobs wait as PENDING, up to 6 hours, until {cost.meanwhile} CFUs fit."
    yield ""


def _warnings(preview: Preview) -> Iterator[str]:
    if preview.warnings:
        yield from ("### Warnings", "", *(f"- {text}" for text in preview.warnings), "")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' if number != 1 else ''}"


def _code(text: str) -> str:
    return f"`{text}`"
