"""Judges each row of one input: arrived, undecodable, filtered by the mapping, or a blank line.

    JSON Lines, CSV, mapped  -->  judged once, spooled as Parquet  --+
                                                                     +-->  a relation of judged rows
    Parquet as it is  --> judged as it is read ----------------------+

Spooled as Parquet and not held as a table, because five million transactions take 0.6 GB as a table and 0.15 GB as a
file, which every later query reads at the same speed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sentinel_cli.inputs.clean_lines import clean_lines
from sentinel_cli.inputs.contract import REQUIRED, text
from sentinel_cli.inputs.csv_rows import clean_csv, clean_header, csv_rows, read_header
from sentinel_cli.inputs.json_lines import json_rows, judged_json, lines
from sentinel_cli.inputs.mapping import Mapping
from sentinel_cli.inputs.sources import Format, Source
from sentinel_cli.inputs.spool import spool_file
from sentinel_cli.inputs.typed_rows import Rows, blame, judged_rows, missing_columns
from sql.errors import InputError

# What DuckDB raises for an input it cannot read, or for a mapping's SQL that fails on a row or as a whole.
_REFUSALS = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.BinderException,
    duckdb.IOException,
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One input, judged.

    `relation` has the contract's columns, `place` (from 0, rising in order of arrival), `number` (line or row from 1,
    NULL where unknown), `reason` and `original`: no reason for a row that arrived, a reason and no original for a blank
    or filtered one. `fates` counts its rows by fate. `unreadable` is a file of lines that are not in it, as
    `write_unreadable` writes them.
    """

    source: str
    relation: str
    fates: dict[str, int]
    unreadable: Path | None = None
    unreadable_rows: int = 0

    @property
    def undecodable(self) -> int:
        """How many rows could not be decoded."""
        return self.fates.get("undecodable", 0) + self.unreadable_rows

    @property
    def filtered(self) -> int:
        """How many rows the mapping's `where` left out."""
        return self.fates.get("filtered", 0)

    @property
    def rows_read(self) -> int:
        """How many rows the input has, blank lines aside."""
        return self.fates.get("arrived", 0) + self.undecodable + self.filtered


def judge(connection: duckdb.DuckDBPyConnection, source: Source, mapping: Mapping | None, arrived: str) -> Part:
    """The rows of one input with their fates; `arrived` is the SQL of the instant for a missing `$rowtime`.

    Raises InputError when the input cannot be read, lacks a column, holds no record, or not one that can be decoded and
    is no such file.
    """
    judges = {Format.json: _judge_json, Format.csv: _judge_csv, Format.parquet: _judge_parquet}
    part = judges[source.format](connection, source, mapping, arrived)
    if part.rows_read == 0 and part.fates.get("blank"):
        raise InputError(f"{source.name} holds only blank lines: it must hold transactions, one JSON object a line.")
    if part.undecodable == part.rows_read > 0:
        _refuse_foreign(connection, source, part)
    return part


def _judge_json(connection: duckdb.DuckDBPyConnection, source: Source, mapping: Mapping | None, arrived: str) -> Part:
    def judged(path: Path, compression: str, _clean: bool) -> tuple[str, Rows | None]:
        relation = lines(path, compression)
        if mapping is None:
            return judged_json(relation, arrived), None
        rows = json_rows(connection, source.name, relation)
        return judged_rows(connection, rows, mapping, arrived), rows

    return _spooled(connection, source, mapping, judged, clean_lines, first_number=1)


def _judge_csv(connection: duckdb.DuckDBPyConnection, source: Source, mapping: Mapping | None, arrived: str) -> Part:
    header = read_header(source)

    def judged(path: Path, compression: str, clean: bool) -> tuple[str, Rows]:
        relation = csv_rows(path, clean_header(header) if clean else header, compression)
        # A clean copy brings "#number" itself.
        number = "" if clean else ', NULL::BIGINT AS "#number"'
        rows = _file_rows(source, relation, number)
        return judged_rows(connection, rows, mapping, arrived), rows

    return _spooled(connection, source, mapping, judged, lambda dirty: clean_csv(dirty, header), first_number=2)


def _judge_parquet(
    connection: duckdb.DuckDBPyConnection, source: Source, mapping: Mapping | None, arrived: str
) -> Part:
    def judged(path: Path, _compression: str, _clean: bool) -> tuple[str, Rows]:
        rows = _file_rows(source, f"read_parquet({text(str(path))})", ', file_row_number + 1 AS "#number"')
        return judged_rows(connection, rows, mapping, arrived), rows

    if mapping:  # spooled, because its SQL may be slow, or differ from one reading to the next
        return _spooled(connection, source, mapping, judged, None, first_number=1)
    try:
        relation = f"(SELECT *, number - 1 AS place FROM ({judged(source.path, '', False)[0]}))"
        return Part(source=source.name, relation=relation, fates=_fates(connection, relation))
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        raise _unreadable(source, error) from error


def _file_rows(source: Source, relation: str, number: str) -> Rows:
    columns = f'"#r".*, NULL::VARCHAR AS "#broken", "#r" AS "#record"{number}'
    return Rows(
        source=source.name,
        relation=f'(SELECT {columns} FROM {relation} AS "#r")',
        original='to_json("#record")::VARCHAR',
    )


def _spooled(  # noqa: PLR0913
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    mapping: Mapping | None,
    judged: Callable[[Path, str, bool], tuple[str, Rows | None]],
    clean: Callable[[Source], tuple[Path, Path]] | None,
    *,
    first_number: int,
) -> Part:
    """Judge an input once and keep the result; one that DuckDB's reader refuses as a whole is cleaned first."""
    text_file, unreadable, spool = (source.path, source.compression, False), None, text(str(spool_file(".parquet")))
    try:
        try:
            connection.execute(f"COPY ({judged(*text_file)[0]}) TO {spool} (FORMAT parquet)")
        except duckdb.InvalidInputException:
            if clean is None:
                raise
            copy, unreadable = clean(source)
            text_file = (copy, "none", True)
            connection.execute(f"COPY ({judged(*text_file)[0]}) TO {spool} (FORMAT parquet)")
    except _REFUSALS as error:
        rows = judged(*text_file)[1] if mapping and "GZIP" not in str(error) else None
        raise blame(connection, rows, mapping, error) if rows and mapping else _unreadable(source, error) from error
    number = f"coalesce(number, file_row_number + {first_number}) AS number"
    read = f"read_parquet({spool}, file_row_number = true)"
    relation = f"(SELECT * EXCLUDE (number, file_row_number), file_row_number AS place, {number} FROM {read})"
    return Part(
        source=source.name,
        relation=relation,
        fates=_fates(connection, relation),
        unreadable=unreadable,
        unreadable_rows=_count_lines(unreadable) if unreadable else 0,
    )


def _fates(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, int]:
    ours = "reason IN ('blank', 'filtered')"
    fate = f"CASE WHEN reason IS NULL THEN 'arrived' WHEN {ours} THEN reason ELSE 'undecodable' END"
    return dict(connection.execute(f"SELECT {fate}, count(*) FROM {relation} GROUP BY ALL").fetchall())


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _unreadable(source: Source, error: duckdb.Error) -> InputError:
    if "GZIP" in str(error):
        return InputError(f"{source.name} is a gzip file that is cut short or damaged: compress it anew.")
    kind = {Format.json: "JSON Lines", Format.csv: "CSV", Format.parquet: "Parquet"}[source.format]
    return InputError(f"{source.name} cannot be read as {kind}: {str(error).partition(chr(10))[0]}")


def _refuse_foreign(connection: duckdb.DuckDBPyConnection, source: Source, part: Part) -> None:
    """Raise InputError when not one row could be decoded because the whole file is something else."""
    if not source.is_text and source.format is not Format.parquet:
        raise InputError(f"{source.name} is neither JSON Lines, CSV nor Parquet: it is not text in UTF-8.")
    if source.format is not Format.json:
        return
    if source.head.lstrip().startswith(b"["):
        raise InputError(f"{source.name} holds a JSON array, not JSON Lines: write one object a line (jq -c '.[]').")
    originals = f"SELECT original FROM {part.relation} WHERE json_type(TRY(original::JSON)) = 'OBJECT' LIMIT 1000"
    keys = connection.execute(f"SELECT DISTINCT unnest(json_keys(original)) AS key FROM ({originals}) ORDER BY key")
    held = [str(key) for (key,) in keys.fetchall()]
    missing = [column for column in REQUIRED if column not in held]
    # A field or two missing is a bad record; most of them missing is another layout.
    if held and len(missing) > len(REQUIRED) / 2:
        raise missing_columns(source.name, missing, held)
