"""Whether the registry's schema of a table has the columns that the SQL reads."""

import json

from sentinel_cli.kafka.registry import RegisteredSchema
from sql import Column, Table, columns_of
from sql.errors import PipelineError


def is_same(table: Table, schema: RegisteredSchema) -> bool:
    """Whether the registry holds the table's own schema; layout and order of keys do not matter."""
    return schema.type == "JSON" and json.loads(schema.text) == table.schema


def contradiction(table: Table, schema: RegisteredSchema) -> str | None:
    """
    What keeps the SQL from reading records of a schema, or a writer of the table's columns from keeping it.

    None where all columns are there by name, type and nullability, and every other one is optional.
    """
    if schema.type != "JSON":
        return f"it is {schema.type} and not JSON Schema"
    try:
        theirs = {column.name: column for column in columns_of(schema.text, "its text")}
    except PipelineError as error:
        return str(error)
    ours = {column.name: column for column in table.columns}
    problems = [_problem(column, theirs.get(column.name)) for column in table.columns]
    problems += [
        f"it requires {name}, which nobody writes" for name in theirs.keys() - ours if not theirs[name].nullable
    ]
    return next((problem for problem in problems if problem), None)


def _problem(ours: Column, theirs: Column | None) -> str | None:
    if theirs is None:
        return f"it lacks {ours.name}"
    if theirs.type != ours.type:
        return f"{ours.name} is {theirs.type} in it and not {ours.type}"
    if theirs.nullable != ours.nullable:
        optional = "optional in it and not required" if theirs.nullable else "required in it and not optional"
        return f"{ours.name} is {optional}"
    return None
