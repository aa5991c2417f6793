"""FinCEN's schema, and what it says of a draft."""

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from xmlschema import XMLSchema11

PATH = Path(__file__).parents[2] / "data/fincen/EFL_SARXBatchSchema.xsd"
NAMES = {"f": "www.fincen.gov/base"}


@cache
def schema() -> XMLSchema11:
    return XMLSchema11(PATH)


def errors(xml: bytes) -> list[str]:
    """Why a batch is not valid."""
    return [f"{error.path}: {error.reason}" for error in schema().iter_errors(ET.fromstring(xml))]


def values(xml: bytes, name: str) -> list[str]:
    """The text of every element of a name, in their order."""
    return [element.text or "" for element in ET.fromstring(xml).iterfind(f".//f:{name}", NAMES)]
