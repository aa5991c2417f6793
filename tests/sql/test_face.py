"""The public face of the package, and what it must not import."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sql


def test_what_is_offered_imported_and_shown_to_the_type_checker_agrees() -> None:
    tree = ast.parse(Path(sql.__file__).read_text(encoding="utf-8"))
    typed = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sql.")
    ]
    homes = {alias.name: node.module for node in typed for alias in node.names}
    assert sql.__all__ == sorted(homes)
    assert {name: f"sql.{home}" for name, home in sql._HOMES.items()} == homes
    assert all(getattr(import_module(str(home)), name) is getattr(sql, name) for name, home in homes.items())


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'sql' has no attribute 'nothing'"):
        sql.nothing  # noqa: B018


def test_everything_offered_says_what_it_is() -> None:
    silent = [
        name for name in sql.__all__ if name not in {"Kind", "Provider", "Value"} and not getattr(sql, name).__doc__
    ]
    assert silent == []


def test_sql_imports_neither_stacks_nor_the_command_line() -> None:
    code = "import sys, sql; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"stacks", "sentinel_cli", "pulumi", "duckdb", "numpy"} & set(loaded) == set()
