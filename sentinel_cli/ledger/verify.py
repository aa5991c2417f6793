"""Finds what was changed, taken out, put in or moved."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sentinel_cli.ledger.record import read_record
from sentinel_cli.ledger.store import BEGINNING, Entry, Head, Ledger
from sentinel_cli.ledger.store import chained as hash_of
from sql.errors import UsageError

_LONGEST = 100
"""Characters of a head that is none that are shown."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong, a sentence each, and where the ledger ends."""

    findings: tuple[str, ...]
    head: Head


def parse_head(text: str) -> Head:
    """
    A head as `sentinel ledger head` prints it, or its hash alone, whose number is 0.

    Raises:
        UsageError: it is neither.
    """
    found = re.fullmatch(r"(?:([0-9]{1,18}):)?([0-9a-f]{64})", text.strip())
    if not found:
        raise UsageError(f"--head {text[:_LONGEST]!r}: give what `sentinel ledger head` printed.")
    return Head(int(found[1] or 0), found[2])


def verify(ledger: Ledger, kept: Head | None = None) -> Verdict:
    """
    Judge the file by what makes it append-only and its records found, and every record by its hash and place.

    Args:
        ledger: Whose records.
        kept: A head that was written down elsewhere, of now or of earlier.

    Raises:
        LedgerError: the file cannot be read.
    """
    unlike = ledger.unlike()
    findings = [f"the {what} is missing, or is another than the ledger makes" for what in unlike]
    if "table records" in unlike:
        # Its columns may hold anything, and a chain of anything proves nothing.
        return Verdict(tuple(findings), Head(0, BEGINNING))
    if damage := ledger.damage():
        findings.append(f"the file is damaged, so that records may be hidden: {damage}")
    places = {entry.hash: entry.number for entry in ledger.entries()}
    last = Head(0, BEGINNING)
    for entry in ledger.entries():
        findings += _findings(entry, last, places)
        last = Head(entry.number, entry.hash)
    findings += _against(kept, last, places) if kept else []
    return Verdict(tuple(findings), last)


def _findings(entry: Entry, last: Head, places: dict[str, int]) -> Iterator[str]:
    if entry.number > last.number + 1:
        yield _missing(last.number + 1, entry.number - 1)
    elif entry.number <= last.number:
        yield f"record {entry.number} has a number that no record can have"
    if hash_of(entry.previous, entry.content) != entry.hash:
        yield f"record {entry.number} was changed: its content does not give its hash"
    elif not _is_record(entry.content):
        yield f"record {entry.number} is no decision"
    if entry.previous != last.hash:
        yield f"record {entry.number} does not follow record {last.number}: {_where(entry.previous, places)}"


def _where(previous: str, places: dict[str, int]) -> str:
    if previous == BEGINNING:
        return "it was the first"
    if previous in places:
        return f"it was written after what now is record {places[previous]}"
    return "what it was written after is not there"


def _missing(first: int, last: int) -> str:
    return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"


def _against(kept: Head, last: Head, places: dict[str, int]) -> Iterator[str]:
    found = 0 if kept.hash == BEGINNING else places.get(kept.hash)
    if found is None:
        beyond = kept.number > last.number
        what = _missing(last.number + 1, kept.number) if beyond else "records were changed or taken out"
        yield f"the head that was kept is not there: {what}"
    elif kept.number and found != kept.number:
        yield f"the head that was kept was record {kept.number}, and now is record {found}"


def _is_record(content: str) -> bool:
    try:
        read_record(content)
    except ValueError:
        return False
    return True
