"""The decisions on suspicious and on benign alerts, as bars of one length."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from sentinel_cli.evaluation.alerts import Labelled
from sentinel_cli.evaluation.answers import Answers
from sentinel_cli.evaluation.figures import DECISIONS, figures

_COLOURS = {"ESCALATE": "#c0392b", "REVIEW": "#e0a526", "DISMISS": "#3f8f4f"}
_LEFT, _LENGTH, _ROW, _WIDTH = 110, 560, 34, 700
"""Points: where bars begin, how long they are, the height of a row and the picture's width."""


def chart(alerts: Sequence[Labelled], given: Sequence[Answers]) -> str:
    """An SVG; the same answers give the same one."""
    root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg")
    root.append(ET.Element("rect", width="100%", height="100%", fill="#ffffff"))
    y = 30
    for place, decision in enumerate(DECISIONS):
        root.append(_rect(_LEFT + place * 120, 10, 12, 12, decision))
        root.append(_text(_LEFT + place * 120 + 18, 20, decision))
    for answers in given:
        y += 20
        root.append(_text(10, y, answers.name, bold=True))
        decided = figures(alerts, answers).decided
        for label in ("suspicious", "benign"):
            root.extend(_bar(label, [decided.get((label, decision), 0) for decision in DECISIONS], y + 10))
            y += _ROW
    root.set("viewBox", f"0 0 {_WIDTH} {y + 20}")
    root.set("width", str(_WIDTH))
    root.set("font-family", "sans-serif")
    root.set("font-size", "13")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _bar(label: str, counts: list[int], y: int) -> Iterator[ET.Element]:
    yield _text(10, y + 17, label)
    x, total = float(_LEFT), sum(counts) or 1
    for decision, count in zip(DECISIONS, counts, strict=True):
        width = _LENGTH * count / total
        if count:
            yield _rect(x, y, width, _ROW - 10, decision)
            yield _text(x + 4, y + 17, str(count), fill="#ffffff")
        x += width


def _rect(x: float, y: int, width: float, height: int, decision: str) -> ET.Element:
    place = {"x": f"{x:.1f}", "y": str(y), "width": f"{width:.1f}", "height": str(height)}
    return ET.Element("rect", {**place, "fill": _COLOURS[decision]})


def _text(x: float, y: int, text: str, *, fill: str = "#222222", bold: bool = False) -> ET.Element:
    element = ET.Element("text", {"x": f"{x:.1f}", "y": str(y), "fill": fill})
    if bold:
        element.set("font-weight", "bold")
    element.text = text
    return element
