"""What replacing, making or stopping a Flink statement means: state lost, history read again, models paid again."""

import re
from dataclasses import dataclass

from sentinel_cli.preview.changes import Action, Preview, Resource
from sentinel_cli.preview.components import StatementProps, statement_props, topic_props
from sentinel_cli.preview.provider_rules import Outcome
from sql.topics import ALERTS

JOB = "insert"
_COMPONENT, _TOPIC = "sentinel:stacks:Statement", "sentinel:stacks:Topic"
_UNITS = (("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_KINDS = {"INSERT": JOB, "EXECUTE": JOB, "ALTER": "declaration", "CREATE": "declaration"}


@dataclass(frozen=True)
class Statement:
    """A Flink statement and, from its component, what it needs to know of the past.

    `props` are those of the component after the change, or before it where it is deleted.
    """

    resource: Resource
    props: StatementProps
    before: StatementProps

    @property
    def name(self) -> str:
        """Its name in Flink."""
        inputs = self.resource.step.new or self.resource.step.old
        return str(inputs.get("statementName") or self.resource.step.name)

    @property
    def kind(self) -> str:
        """watermark, options, model, agent or insert."""
        return self.props.kind or _kind_of(self.text)

    @property
    def job(self) -> bool:
        """Whether it runs until it is stopped."""
        return self.kind == JOB

    @property
    def text(self) -> str:
        """Its SQL after the change, or before it where it is deleted."""
        return str((self.resource.step.new or self.resource.step.old).get("statement", ""))

    @property
    def old_text(self) -> str:
        """Its SQL before the change."""
        return str(self.resource.step.old.get("statement", ""))

    @property
    def asks_a_model(self) -> bool:
        """Whether each row costs a call of an LLM."""
        return "ML_PREDICT(" in self.text or "AI_RUN_AGENT(" in self.text

    @property
    def starts_anew(self) -> bool:
        """Whether it begins without state: made or replaced."""
        return self.resource.action in (Action.created, Action.replaced)

    @property
    def waits(self) -> bool:
        """Whether its text changes while it is stopped, so that the change comes with the resume."""
        untouched = self.resource.action in (Action.same, Action.untouched, Action.updated)
        return untouched and self.job and self.props.stopped and self.before.digest != self.props.digest


def read_statements(preview: Preview) -> list[Statement]:
    """All statements of the preview, and those that only their component shows, by name."""
    found = []
    for resource in preview.of_kind("FlinkStatement"):
        state = resource.step.new_state or resource.step.old_state
        before, after = statement_props(preview.components.get(state.parent if state else ""))
        found.append(Statement(resource, after, before))
    return sorted(found, key=lambda statement: statement.name)


def waiting(preview: Preview, statements: list[Statement]) -> list[str]:
    """Names of the jobs whose change waits until they are resumed, those too that only their component shows."""
    seen = {s.resource.step.new_state.parent for s in statements if s.resource.step.new_state}
    hidden = [step for urn, step in preview.components.items() if step.type == _COMPONENT and urn not in seen]
    changed = ((step.name, *statement_props(step)) for step in hidden if step.op == "update")
    return sorted(
        [s.name for s in statements if s.waits]
        + [name for name, before, after in changed if after.stopped and before.digest != after.digest]
    )


def why(statement: Statement) -> str:
    """What makes Pulumi replace a statement."""
    step = statement.resource.step
    old, new = step.old_state, step.new_state
    if statement.text != statement.old_text:
        same = headless(statement.text) == headless(statement.old_text)
        return "watermark or options of a table it reads" if same else "its SQL changes"
    if old and new and old.replacement_trigger not in (None, new.replacement_trigger):
        return "its compute pool or principal changes"
    causes = [change.path for change in statement.resource.inputs if change.outcome == Outcome.replaced]
    return f"{', '.join(causes)} changes" if causes else "what it depends on is replaced"


def headless(text: str) -> str:
    """The SQL without the lines that name the watermark and options of what it reads by their hash."""
    return re.sub(r"^-- Watermark and options of what it reads: [0-9a-f]{8}\n", "", text, flags=re.MULTILINE)


def state_lost(statement: Statement) -> str:
    """What a replaced or deleted statement held and loses."""
    props = statement.before
    if statement.asks_a_model:
        return "which alerts it has answered"
    if props.look_back_seconds is None:
        return "unknown: the preview lacks `--show-sames`"
    windows = f"{length(props.look_back_seconds)} of windows" if props.look_back_seconds else "none"
    if not props.has_history:
        return windows
    ends = statement.resource.action == Action.deleted
    return f"{windows} and its trained model" if ends else f"{windows}; its model is trained anew"


def read_again(statement: Statement, preview: Preview) -> str:
    """What a made or replaced statement reads of the past, what comes of it, and what is paid again."""
    reads = statement.props.tables
    source = ", ".join(f"`{name}`" for name in sorted(reads)) or "its source"
    if reads and reads <= new_topics(preview):
        return f"nothing: {source} is new and empty"
    if statement.props.starts_at:
        since = statement.props.reads_from
        read = f"what arrived since {since}" if since else f"all that {source} keeps{_kept(reads, preview)}"
        return f"{read}; writes from {statement.props.starts_at} on"
    if statement.asks_a_model:
        return f"**every alert that {source} keeps{_kept(reads, preview)} goes to the LLM again and is paid again**"
    return f"all that {source} keeps{_kept(reads, preview)}; {_comes(statement)}"


def new_topics(preview: Preview) -> set[str]:
    """Topics that are empty after the up: made or replaced by it."""
    topics = preview.of_kind("KafkaTopic")
    return {str(t.step.new.get("topicName")) for t in topics if t.action in (Action.created, Action.replaced)}


def length(seconds: int) -> str:
    """A length of time in the largest unit that divides it."""
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size} {unit}{'s' if seconds != size else ''}"


def _kind_of(text: str) -> str:
    code = re.sub(r"--[^\n]*\n|/\*.*?\*/", " ", text, flags=re.DOTALL).split()
    return _KINDS.get(code[0].upper(), "declaration") if code else "declaration"


def _kept(reads: set[str], preview: Preview) -> str:
    topics = [topic_props(step) for step in preview.components.values() if step.type == _TOPIC and step.new_state]
    kept = max((topic.retention_ms for topic in topics if topic.topic in reads), default=0)
    return f" ({length(kept // 1000)})" if kept >= 1000 else ""


def _comes(statement: Statement) -> str:
    again = statement.resource.action == Action.replaced
    writes = statement.props.writes
    others = [f"`{name}`" for name in writes if name != ALERTS]
    said = [_alerts_come(statement)] if ALERTS in writes or not writes else []
    said += [f"its rows in {', '.join(others)} come {'again' if again else 'now'}"] if others else []
    return "; ".join(said)


def _alerts_come(statement: Statement) -> str:
    if statement.resource.action != Action.replaced:
        return "alerts on that past come now, under the ids of any written before"
    if headless(statement.text) == headless(statement.old_text):
        return "its alerts come again under the same ids"
    return "its alerts come again, under new ids where the change moves their windows"
