"""CSV as a relation of text columns, read by DuckDB, or row by row by Python's reader when DuckDB refuses the file.

DuckDB's own way round bad rows (`ignore_errors`) was seen to drop good rows of a file with mixed line ends without a
word, so it is never used: a file is either read strictly or cleaned first, and every bad row is named.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sentinel_cli.inputs.clean_lines import write_unreadable
from sentinel_cli.inputs.contract import text
from sentinel_cli.inputs.sources import LONGEST_LINE, Source, reading
from sentinel_cli.inputs.spool import spool_file
from sql.errors import InputError

_DELIMITERS = ",;\t|"


@dataclass(frozen=True, kw_only=True)
class Header:
    """The first line of a CSV file: the names of its columns and the signs it is written with."""

    columns: tuple[str, ...]
    delimiter: str
    line_end: str


def read_header(source: Source) -> Header:
    """The header of a CSV source; the delimiter is the one of `,` `;` tab `|` that gives most columns.

    Raises InputError when the first line is no header: not text, a column without a name, a name given twice.
    """
    with reading(source.name), source.open() as stream:
        line = stream.readline(LONGEST_LINE)
    try:
        names = line.decode("utf-8-sig").rstrip("\r\n")
        rows = {delimiter: next(csv.reader([names], delimiter=delimiter), []) for delimiter in _DELIMITERS}
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source.name} is neither JSON Lines, CSV nor Parquet: its first line is no text.") from error
    delimiter = max(rows, key=lambda sign: len(rows[sign]))
    columns = tuple(rows[delimiter])
    if not all(columns) or len({column.lower() for column in columns}) < len(columns):
        raise InputError(f"{source.name} is no CSV with a header: a column has no name, or two have the same.")
    return Header(columns=columns, delimiter=delimiter, line_end=r"\r\n" if line.endswith(b"\r\n") else r"\n")


def csv_rows(path: Path, header: Header, compression: str) -> str:
    """A table function over the rows of a CSV file, in order; all columns VARCHAR (but `#number`), NULL where empty."""
    types = {column: "BIGINT" if column == "#number" else "VARCHAR" for column in header.columns}
    columns = ", ".join(f"{text(column)}: {text(type_)}" for column, type_ in types.items())
    return (
        f"read_csv({text(str(path))}, columns = {{{columns}}}, auto_detect = false, header = true, comment = '', "
        f"delim = {text(header.delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"new_line = {text(header.line_end)}, compression = {text(compression)}, max_line_size = {LONGEST_LINE})"
    )


def clean_csv(source: Source, header: Header) -> tuple[Path, Path]:
    """A copy of the source in the plainest CSV, unreadable rows left out, and the list of those.

    The copy has one more column, `#number`: the row's number in the source, its header being 1. The list is a file as
    `write_unreadable` writes it. Raises InputError when the source cannot be read to its end.
    """
    copy, unreadable = spool_file(".csv"), spool_file(".unreadable.jsonl")
    with (
        reading(source.name),
        source.open() as stream,
        copy.open("w", encoding="utf-8", newline="") as clean,
        unreadable.open("wb") as refused,
    ):
        writer = csv.writer(clean, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(("#number", *header.columns))
        for number, (row, original) in enumerate(_rows(stream, header.delimiter), start=2):
            reason = row if isinstance(row, str) else _unreadable_reason(row, original, len(header.columns))
            if reason:
                write_unreadable(refused, number, reason, original.encode("utf-8", "surrogateescape"))
            else:
                writer.writerow((number, *row))
    return copy, unreadable


def clean_header(header: Header) -> Header:
    """The header of the copy that `clean_csv` makes."""
    return Header(columns=("#number", *header.columns), delimiter=",", line_end=r"\n")


@dataclass
class _Remembered:
    """Lines, and those handed out since `lines` was last emptied: the text of the row being read."""

    stream: Iterator[str]
    lines: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for line in self.stream:
            self.lines.append(line)
            yield line


def _rows(stream: BinaryIO, delimiter: str) -> Iterator[tuple[list[str] | str, str]]:
    """Fields (or why there are none) and text of each row after the header; blank lines are no rows."""
    csv.field_size_limit(LONGEST_LINE)
    with io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        remembered = _Remembered(lines)
        reader = csv.reader(remembered, delimiter=delimiter, strict=True)
        next(reader, None)
        while True:
            remembered.lines.clear()
            try:
                row: list[str] | str = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                row = f"not CSV: {error}"
            if row:
                yield row, "".join(remembered.lines).rstrip("\r\n")


def _unreadable_reason(row: list[str], original: str, columns: int) -> str | None:
    if any("\udc80" <= character <= "\udcff" for character in original):
        return "not UTF-8"
    return None if len(row) == columns else f"{len(row)} columns where the header has {columns}"
