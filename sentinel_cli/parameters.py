"""Parameters given on the command line: a TOML file, then single values that outrank it."""

import tomllib
from pathlib import Path

from sql.errors import InputError, UsageError


def gather_parameters(path: Path | None, assignments: list[str]) -> dict[str, object]:
    """
    Values by `rule.parameter`, from a file of tables such as `[structuring]` and from `rule.parameter=value` texts.

    Raises:
        InputError: the file cannot be read or is no TOML of tables.
        UsageError: a text is no assignment.
    """
    given = _read(path) if path else {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or "." not in name:
            raise UsageError(
                f"--set {assignment}: expected RULE.PARAMETER=VALUE, such as structuring.min_total=25000.00"
            )
        given[name.strip()] = value.strip()
    return given


def _read(path: Path) -> dict[str, object]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: no parameters could be read: {error}") from None
    given: dict[str, object] = {}
    for owner, values in tables.items():
        if not isinstance(values, dict):
            raise InputError(f"{path}: {owner} stands outside a table; expected [rule] and below it parameter = value")
        given |= {f"{owner}.{name}": value if isinstance(value, int) else str(value) for name, value in values.items()}
    return given
