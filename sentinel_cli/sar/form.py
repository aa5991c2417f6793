"""A form that is being filled, and what it leaves open."""

from enum import StrEnum
from typing import NamedTuple
from xml.etree import ElementTree as ET

NAMESPACE = "www.fincen.gov/base"


class State(StrEnum):
    """What the draft has in place of a value that it does not know."""

    empty = "to be filled"
    unknown = "marked unknown"
    check = "to be checked"


class Gap(NamedTuple):
    """A field that a human has to fill, replace or check before anything is filed."""

    part: str
    field: str
    state: State


class Form:
    """A form that is being filled: numbers its groups, as the schema demands, and keeps what is left open."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self._number = 0

    def group(self, parent: ET.Element, name: str) -> ET.Element:
        """An element that holds others."""
        self._number += 1
        return ET.SubElement(parent, tag(name), SeqNum=str(self._number))

    def text(self, parent: ET.Element, name: str, value: object) -> None:
        """An element with a value."""
        ET.SubElement(parent, tag(name)).text = str(value)

    def empty(self, parent: ET.Element, name: str, part: str, field: str) -> None:
        """An element without its value."""
        ET.SubElement(parent, tag(name)).text = ""
        self.gap(part, field, State.empty)

    def unknown(self, parent: ET.Element, name: str, part: str, field: str) -> None:
        """The form's own mark for what is not known."""
        self.text(parent, name, "Y")
        self.gap(part, field, State.unknown)

    def absent(self, parent: ET.Element, part: str, field: str) -> None:
        """Leave out what can be neither empty nor unknown in the schema, and say so in its place."""
        parent.append(ET.Comment(f" to be filled: {field} "))
        self.gap(part, field, State.empty)

    def gap(self, part: str, field: str, state: State) -> None:
        """Note a field that a human has to look at."""
        self.gaps.append(Gap(part, field, state))


def tag(name: str) -> str:
    """The name of an element with its namespace."""
    return f"{{{NAMESPACE}}}{name}"
