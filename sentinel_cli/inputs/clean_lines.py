"""Lines that DuckDB's reader refuses as a file (a byte that is not UTF-8, mixed line ends): cleaned one by one."""

from pathlib import Path
from typing import BinaryIO

import orjson

from sentinel_cli.inputs.sources import LONGEST_LINE, Source, reading
from sentinel_cli.inputs.spool import spool_file


def clean_lines(source: Source) -> tuple[Path, Path]:
    """A copy of the source with one `\\n` a line and each unreadable line left empty, and the list of those.

    Numbers of lines are kept; the list is a file as `write_unreadable` writes it.
    Raises InputError when the source cannot be read to its end.
    """
    copy, unreadable = spool_file(".jsonl"), spool_file(".unreadable.jsonl")
    with reading(source.name), source.open() as stream, copy.open("wb") as clean, unreadable.open("wb") as refused:
        for number, line in enumerate(stream, start=1):
            bare = line.strip(b"\r\n")
            reason = _unreadable_reason(bare)
            clean.write(b"\n" if reason else bare + b"\n")
            if reason:
                write_unreadable(refused, number, reason, bare)
    return copy, unreadable


def write_unreadable(file: BinaryIO, number: int, reason: str, line: bytes) -> None:
    """Note an unreadable line as a JSON line of `line` (from 1), `reason` and `original` (bad bytes as `\\xff`)."""
    original = line.decode("utf-8", errors="backslashreplace")
    file.write(orjson.dumps({"line": number, "reason": reason, "original": original}) + b"\n")


def _unreadable_reason(line: bytes) -> str | None:
    """Why a line is not one that DuckDB's reader takes as JSON text; None when it is."""
    if len(line) > LONGEST_LINE - 2:
        return f"longer than {LONGEST_LINE} bytes"
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    # JSON holds U+0001 only as an escape, and a carriage return only between tokens, where no writer puts it.
    return "not JSON" if b"\x01" in line or b"\r" in line else None
