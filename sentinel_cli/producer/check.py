"""Whether a record keeps the schema that the registry has, beyond what a JSON Schema can say."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import orjson

from sql.errors import ServiceError

Check = Callable[[bytes], dict[str, Any]]
LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999: what a TIMESTAMP_LTZ(3) of the platform can hold."""


class RejectedError(Exception):
    """A record that breaks the contract: the message is the field that breaks it, or why there is no record."""


def compile_check(schema_text: str) -> Check:
    """
    A function that parses one record and raises RejectedError unless it keeps the schema.

    Beside the schema: an amount has at most two decimals (`multipleOf` 0.01 would refuse one good number in six), and
    a time is one. NaN, infinity, half a surrogate pair and bytes that are not UTF-8 are no JSON.

    Raises:
        ServiceError: the text is no JSON Schema.
    """
    try:
        schema = orjson.loads(schema_text)
        validator = jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise ServiceError(f"The registry's schema cannot be used: {str(error).splitlines()[0]}.") from None
    is_valid, loads, latest = validator.is_valid, orjson.loads, LATEST

    def check(record: bytes) -> dict[str, Any]:
        try:
            event: dict[str, Any] = loads(record)
        except orjson.JSONDecodeError:
            raise RejectedError("not JSON") from None
        if not is_valid(event):
            raise RejectedError(_broken_field(validator, event))
        amount = event["amount"]
        try:
            # Exact: of all fractions of 100, this quotient is the one nearest to the amount.
            if round(amount * 100) / 100 != amount:
                raise RejectedError("amount")
        except OverflowError:
            raise RejectedError("amount") from None
        if event["event_time"] > latest:
            raise RejectedError("event_time")
        return event

    return check


def _broken_field(validator: Any, event: object) -> str:
    """The field that breaks the schema, as the SQL names it in a dead letter."""
    error = next(validator.iter_errors(event))
    match error.kind.name:
        case "required":
            return str(error.kind.property)
        case "additionalProperties":
            return str(error.kind.unexpected[0])
    return str(error.instance_path[0]) if error.instance_path else "not an object"
