"""What changes in what the model is, is told and costs: connections, models, agents and their prompts."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sentinel_cli.preview.changes import Action, Preview, Resource, shown
from sentinel_cli.preview.statements import Statement, headless

_OBJECT = re.compile(r"CREATE\s+(?:MODEL|AGENT)\s+(?:IF\s+NOT\s+EXISTS\s+)?`([^`]+)`", re.IGNORECASE)
_PROMPT = re.compile(r"USING\s+PROMPT\s+'", re.IGNORECASE)


@dataclass(frozen=True)
class TextChange:
    """What a reviewer reads of a change: one sentence, and the lines that differ."""

    sentence: str
    diff: str


def ai_changes(preview: Preview, statements: list[Statement]) -> list[TextChange]:
    """The connections, models and agents that are made, replaced or deleted."""
    connections = [_connection(r) for r in preview.of_kind("FlinkConnection") if r in preview.changed]
    declared = [s for s in statements if s.kind in ("model", "agent") and s.resource in preview.changed]
    return connections + [_declared(statement) for statement in declared]


def text_change(statement: Statement) -> TextChange | None:
    """The changed lines of a replaced statement's own SQL; None where it stays."""
    diff = unified(headless(statement.old_text), headless(statement.text))
    return TextChange(statement.name, diff) if statement.resource.action == Action.replaced and diff else None


def prompt_of(text: str) -> str:
    """The text after USING PROMPT in a CREATE AGENT, with its doubled quotes made single; empty where there is none."""
    start = _PROMPT.search(text)
    return _literal(text, start.end()) if start else ""


def unified(old: str, new: str, context: int = 1) -> str:
    """The lines that differ, in unified format with `context` lines around and `@@` between; empty if none differ."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=context, lineterm=""))[2:]
    return "\n".join("@@" if line.startswith("@@") else line for line in lines).removeprefix("@@\n")


def _literal(text: str, start: int) -> str:
    """The string literal whose first character stands at `start`."""
    found, position = [], start
    while (end := text.find("'", position)) >= 0:
        found.append(text[position:end])
        if text[end : end + 2] != "''":
            break
        found.append("'")
        position = end + 2
    return "".join(found)


def _connection(resource: Resource) -> TextChange:
    old, new = resource.step.old, resource.step.new
    names = _renamed(str(old.get("displayName", "")), str(new.get("displayName", "")))
    details = [f"{c.path} {shown(c.old)} → {shown(c.new)}" for c in resource.inputs if c.path != "displayName"]
    seen = {c.path.partition(".")[0] for c in resource.inputs}
    details += [f"{name} changes, a secret" for name in resource.step.diff_reasons or () if name not in seen]
    details = details if resource.action != Action.created else [f"{new.get('type')} at {new.get('endpoint')}"]
    ending = f": {'; '.join(details)}" if details and resource.action != Action.deleted else ""
    return TextChange(f"Connection {names} is {resource.action}{ending}.", "")


def _declared(statement: Statement) -> TextChange:
    resource, kind = statement.resource, statement.kind.capitalize()
    old, new = _object(statement.old_text), _object(statement.text) if resource.step.new else ""
    sentence = f"{kind} {_renamed(old, new)} is {resource.action}."
    if resource.action != Action.replaced:
        return TextChange(sentence, "")
    before, after = prompt_of(statement.old_text), prompt_of(statement.text)
    if before != after:
        return TextChange(f"{sentence} Its prompt changes:", unified(before, after))
    diff = "\n".join(_without_names(unified(statement.old_text, statement.text, context=0)))
    return TextChange(f"{sentence} Its declaration changes:" if diff else f"{sentence} Its text stays.", diff)


def _without_names(diff: str) -> Iterator[str]:
    """A diff without the line that names the object: the sentence says both names."""
    lines = [line for line in diff.splitlines() if line != "@@" and not _OBJECT.search(line)]
    return iter(lines)


def _object(text: str) -> str:
    found = _OBJECT.search(text)
    return found[1] if found else ""


def _renamed(old: str, new: str) -> str:
    names = [f"`{name}`" for name in dict.fromkeys((old, new)) if name]
    return " → ".join(names) or "without a name"
