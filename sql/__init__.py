"""
The pipeline as Flink SQL: tables, rules, routes and AI statements, and the face that loads and renders them.

Names are imported when they are first used: parsing and validation take 0.4 s to import; `sql.errors` needs neither.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sql._parameters import Parameter, Value
    from sql._pipeline import Pipeline, Provider, load_pipeline, parameter_findings
    from sql._rule import Rule, RuleFile
    from sql._statement import Kind, Statement
    from sql._table import Column, Table, columns_of, parse_retention

_HOMES = {
    "Column": "_table",
    "Kind": "_statement",
    "Parameter": "_parameters",
    "Pipeline": "_pipeline",
    "Provider": "_pipeline",
    "Rule": "_rule",
    "RuleFile": "_rule",
    "Statement": "_statement",
    "Table": "_table",
    "Value": "_parameters",
    "columns_of": "_table",
    "load_pipeline": "_pipeline",
    "parameter_findings": "_pipeline",
    "parse_retention": "_table",
}

__all__ = [
    "Column",
    "Kind",
    "Parameter",
    "Pipeline",
    "Provider",
    "Rule",
    "RuleFile",
    "Statement",
    "Table",
    "Value",
    "columns_of",
    "load_pipeline",
    "parameter_findings",
    "parse_retention",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sql' has no attribute {name!r}")
    return getattr(import_module(f"sql.{_HOMES[name]}"), name)
