"""A preview in which anything stands where it should not gives a report or one sentence, never a traceback."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_cli.preview.changes import read_changes
from sentinel_cli.preview.digest import UNKNOWN, read_digest
from sentinel_cli.preview.gate import Gate
from sentinel_cli.preview.gates import refusals
from sentinel_cli.preview.markdown import report
from sentinel_cli.preview.statements import read_statements
from sql.errors import InputError

HERE = Path(__file__).parent
NAMES = ("rule-parameter-changed", "llm-endpoint-changed", "keys-rotated-and-more", "single-to-set", "stopped")
PREVIEWS = {name: (HERE / f"{name}.json").read_text("utf-8") for name in NAMES}
ANYTHING = st.sampled_from([None, True, "", "text", UNKNOWN, -1, 1.5, 10**30, [], ["x"], {}, {"id": 1}])


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key in it, outermost first."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(data=st.data())
def test_damage_is_no_traceback(name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    preview = json.loads(PREVIEWS[name])
    changed = [place for step in preview["steps"] if step["op"] != "same" for place in places(step)]
    container, key = data.draw(st.sampled_from([*places(preview)[:4], *changed, *changed]))
    container[key] = data.draw(ANYTHING)
    path = tmp_path_factory.getbasetemp() / f"{name}.json"
    path.write_text(json.dumps(preview), encoding="utf-8")
    with suppress(InputError):
        changes = read_changes(read_digest(str(path)))
        statements = read_statements(changes)
        assert report(changes, statements)
        refusals(list(Gate), changes, statements)
