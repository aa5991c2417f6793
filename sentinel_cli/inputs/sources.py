"""What an INPUT argument names: its path, its format and whether it is gzipped, or why it cannot be read."""

import codecs
import gzip
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from sentinel_cli.inputs.spool import spool_file
from sql.errors import InputError

# The longest line read, in bytes: twice what a Kafka broker takes by default, and the default of DuckDB's reader.
LONGEST_LINE = 2_097_152
_HEAD = 65_536
_SUFFIXES = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}


class Format(StrEnum):
    """The formats that can be read."""

    json = "json"
    csv = "csv"
    parquet = "parquet"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One input: a regular file that can be read again and again."""

    name: str  # as the user wrote it, "stdin" for "-"
    path: Path
    format: Format
    gzipped: bool
    head: bytes  # its first 64 KiB, decompressed

    def open(self) -> BinaryIO:
        """Its bytes, decompressed."""
        return _open(self.path, self.gzipped)

    @property
    def compression(self) -> str:
        """The word DuckDB's readers have for it."""
        return "gzip" if self.gzipped else "none"

    @property
    def is_text(self) -> bool:
        """Whether its beginning can be text: UTF-8 without NUL bytes."""
        try:
            # Incremental, because the head may end within a character.
            return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(self.head)
        except UnicodeDecodeError:
            return False


def open_source(argument: str) -> Source:
    """The source an INPUT argument names; `-`, pipes and gzipped Parquet are copied to a temporary file first.

    Raises InputError when it is missing, a directory, empty, unreadable, or not what its name says.
    """
    name = "stdin" if argument == "-" else argument
    with reading(name):
        path = _regular_file(argument)
        gzipped = _starts_with(path, b"\x1f\x8b")
        head = _head(path, gzipped)
        if not head:
            raise InputError(f"{name} is empty: it must hold transactions as JSON Lines, CSV or Parquet.")
        form = _format_of(name, head)
        if form is Format.parquet and gzipped:
            path, gzipped = _decompressed(path), False
    return Source(name=name, path=path, format=form, gzipped=gzipped, head=head)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what the operating system or gzip says about the input `name` into an InputError of one sentence."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{name} is a gzip file that is cut short or damaged: compress it anew ({error}).") from error
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}.") from error


def _regular_file(argument: str) -> Path:
    if argument == "-":
        return _copy(sys.stdin.buffer)
    path = Path(argument)
    if path.is_dir():
        raise InputError(f"{argument} is a directory: name its files, for instance {argument.rstrip('/')}/*.jsonl.")
    if path.exists() and not path.is_file():
        with path.open("rb") as pipe:
            return _copy(pipe)
    return path


def _copy(stream: BinaryIO) -> Path:
    copy = spool_file("")
    with copy.open("wb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
    return copy


def _decompressed(path: Path) -> Path:
    with _open(path, True) as stream:
        return _copy(stream)


def _open(path: Path, gzipped: bool) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if gzipped else path.open("rb")


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _head(path: Path, gzipped: bool) -> bytes:
    with _open(path, gzipped) as file:
        return file.read(_HEAD)


def _format_of(name: str, head: bytes) -> Format:
    """By content where it is certain, else by suffix, else JSON Lines if it begins with a brace."""
    if head.startswith(b"PAR1"):
        return Format.parquet
    suffix = Path(name.removesuffix(".gz")).suffix.lower()
    if suffix == ".parquet":
        raise InputError(f"{name} is not a Parquet file: it does not begin with PAR1.")
    if suffix in _SUFFIXES:
        return Format(_SUFFIXES[suffix])
    return Format.json if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else Format.csv
