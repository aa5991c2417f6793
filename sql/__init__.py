"""The pipeline as Flink SQL: tables, rules, routes and AI statements, and the face that loads and renders them."""

from sql._parameters import Parameter, Value
from sql._pipeline import Pipeline, Provider, load_pipeline
from sql._rule import Rule, RuleFile
from sql._statement import Kind, Statement
from sql._table import Column, Table

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
    "load_pipeline",
]
