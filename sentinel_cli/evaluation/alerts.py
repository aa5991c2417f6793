"""The labelled alerts: a frozen set that comes with the program, made by scripts/evaluation_set.py."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson

from sentinel_cli.kafka.reading import Row, RowContract, plain
from sql import Pipeline
from sql.errors import InputError
from sql.topics import ALERTS

PATH = Path(__file__).parent / "data/alerts.jsonl"


@dataclass(frozen=True)
class Labelled:
    """An alert and the ground truth of whoever made its transactions; no analyst has seen it."""

    alert: Row
    """Times in epoch milliseconds."""
    is_suspicious: bool
    kind: str
    """episode, near miss, look-alike, amlbench or injection."""
    reason: str
    """Why the label is what it is."""


@dataclass(frozen=True)
class LabelledSet:
    """Labelled alerts, and what names the set."""

    alerts: list[Labelled]
    digest: str
    """First 16 hex digits of SHA-256 over the file."""


def read_set(pipeline: Pipeline, path: Path = PATH) -> LabelledSet:
    """
    The labelled alerts of a file of JSON Lines.

    Raises:
        InputError: the file cannot be read, or a line is not what it should be.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    contract, alerts = RowContract(pipeline.table(ALERTS)), []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            alerts.append(_labelled(orjson.loads(line), contract))
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}, line {number}: {error}.") from None
    if not alerts:
        raise InputError(f"{path} holds no alert.")
    return LabelledSet(alerts, sha256(text).hexdigest()[:16])


def _labelled(entry: object, contract: RowContract) -> Labelled:
    if not isinstance(entry, dict) or not isinstance(entry.get("alert"), dict):
        raise TypeError("it has no alert")
    if entry.get("label") not in ("suspicious", "benign"):
        raise ValueError(f"label {entry.get('label')!r} is neither suspicious nor benign")
    row = plain(contract.row(entry["alert"]))
    if not _evidence(row):
        raise ValueError("the alert lists no evidence")
    return Labelled(row, entry["label"] == "suspicious", _text(entry, "kind"), _text(entry, "reason"))


def _evidence(row: Row) -> object:
    """What the detail lists, which is any JSON."""
    detail = orjson.loads(str(row["detail"]))
    return detail.get("evidence") if isinstance(detail, dict) else None


def _text(entry: Row, name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value
