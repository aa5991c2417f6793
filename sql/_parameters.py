"""Typed parameters: what a rule.toml, table.toml or ai.toml declares, and the Flink SQL literal of a value."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from sql.errors import ParameterError

Value = str | int | Decimal | timedelta | None
_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


class Parameter(BaseModel):
    """One parameter: its type, bounds and default, and what it means to a compliance officer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["interval", "integer", "decimal", "string"]
    meaning: str
    default: str | int
    unit: str | None = None
    at_least: str | int | None = None
    at_most: str | int | None = None
    pattern: str | None = None
    off: bool = False
    """Whether the word `off` is a value; it renders as NULL."""

    @model_validator(mode="after")
    def _check(self) -> "Parameter":
        if self.type in {"integer", "decimal"} and not self.unit:
            raise ValueError(f"a parameter of type {self.type} needs a unit")
        if self.type == "string" and not self.pattern:
            raise ValueError("a parameter of type string needs a pattern")
        self.parse(self.default)
        return self

    def parse(self, given: object) -> Value:
        """The value of `given`, checked against type and bounds; ValueError says what was expected."""
        if self.off and given == "off":
            return None
        if self.type == "string":
            if not isinstance(given, str) or not re.fullmatch(self.pattern or "", given):
                raise ValueError(f"{given!r} is not of the form {self.pattern}")
            return given
        convert: Callable[[object], Any] = _CONVERT[self.type]
        value = convert(given)
        too_small = self.at_least is not None and value < convert(self.at_least)
        if too_small:
            raise ValueError(f"{given} is below {self.at_least}, the least allowed")
        if self.at_most is not None and value > convert(self.at_most):
            raise ValueError(f"{given} is above {self.at_most}, the most allowed")
        checked: Value = value
        return checked


def interval(given: object) -> timedelta:
    """A length of time such as `60 minutes`, in whole seconds and at most 99 days (Flink's interval literal)."""
    match = re.fullmatch(r"(\d{1,9}) (second|minute|hour|day)s?", str(given).strip())
    if not match:
        raise ValueError(f"{given!r} is no interval such as '60 minutes' or '7 days'")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > 99 * 86_400:
        raise ValueError(f"{given} is longer than 99 days, the longest interval that Flink's literal holds")
    return timedelta(seconds=seconds)


def _integer(given: object) -> int:
    if isinstance(given, bool) or not re.fullmatch(r"-?\d{1,18}", str(given)):
        raise ValueError(f"{given!r} is no whole number")
    return int(str(given))


def _decimal(given: object) -> Decimal:
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        value = Decimal("NaN")
    if isinstance(given, float | bool) or not re.fullmatch(r"-?\d{1,16}(\.\d{1,3})?", str(given)):
        raise ValueError(f"{given!r} is no decimal number such as '10000.00'")
    return value


_CONVERT = {"interval": interval, "integer": _integer, "decimal": _decimal}


def literal(value: Value | datetime) -> str:
    """The Flink SQL literal of a value; NULL stands for an interval that is off."""
    match value:
        case None:
            return "CAST(NULL AS INTERVAL DAY TO SECOND)"
        case timedelta():
            hours, rest = divmod(value.seconds, 3_600)
            return f"INTERVAL '{value.days} {hours:02}:{rest // 60:02}:{rest % 60:02}' DAY TO SECOND"
        case datetime():
            milliseconds = (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
            return f"TO_TIMESTAMP_LTZ({milliseconds}, 3)"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return str(value)


def findings(declared: Mapping[str, dict[str, Parameter]], given: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with each parameter of `given` that is not as declared, by `owner.name`."""
    found = {}
    for key, value in given.items():
        owner = key.partition(".")[0]
        try:
            check_owner(key, declared)
            resolve(owner, declared[owner], {key: value}, owner)
        except ParameterError as error:
            found[key] = str(error)
    return found


def check_owner(key: str, owners: Collection[str]) -> None:
    """ParameterError unless the key is `owner.name` of an owner that there is."""
    if key.partition(".")[0] not in owners or "." not in key:
        raise ParameterError(f"{key}: expected OWNER.PARAMETER with one of the owners {', '.join(owners)}")


def resolve(owner: str, declared: dict[str, Parameter], overrides: dict[str, object], source: str) -> dict[str, Value]:
    """
    The value of each declared parameter: the override `owner.name` where there is one, else the default.

    Raises:
        ParameterError: an override is of the wrong type or out of bounds, or names no declared parameter.
    """
    mine = {key.partition(".")[2]: value for key, value in overrides.items() if key.partition(".")[0] == owner}
    for name in mine:
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise ParameterError(f"{owner}.{name}: {source} declares no such parameter; it has: {known}")
    values: dict[str, Value] = {}
    for name, parameter in declared.items():
        try:
            values[name] = parameter.parse(mine.get(name, parameter.default))
        except ValueError as error:
            raise ParameterError(f"{owner}.{name}: {error} ({parameter.type}, {source})") from None
    return values
