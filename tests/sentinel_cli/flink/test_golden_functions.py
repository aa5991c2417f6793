import json
from pathlib import Path

from sentinel_cli.flink.referee import Expression, Referee

GOLDEN = json.loads(Path(__file__).with_name("golden_functions.json").read_text(encoding="utf-8"))


def test_flink_gives_the_golden_values(flink: Referee) -> None:
    sound = [entry for entry in GOLDEN if not _failed(entry["flink"])]
    values = flink.evaluate([Expression(entry["sql"], entry["x"], entry["type"]) for entry in sound])
    differing = [(entry, value) for entry, value in zip(sound, values, strict=True) if value != entry["flink"]]
    assert differing == []


def test_flink_still_refuses_what_is_golden_as_an_error(flink: Referee) -> None:
    failing = [entry for entry in GOLDEN if _failed(entry["flink"])]
    assert failing
    for entry in failing:
        assert flink.evaluate([Expression(entry["sql"], entry["x"], entry["type"])]) == [entry["flink"]]


def _failed(value: object) -> bool:
    return isinstance(value, dict) and "error" in value
