"""What options that several commands have refuse."""

import pytest
from typer.testing import CliRunner

from sentinel_cli.main import app


@pytest.mark.parametrize("command", ["consume", "run"])
@pytest.mark.parametrize("name", ["", ".", "..", "a/../../b", "a b", "a\n", "a" * 201], ids=ascii)
def test_a_name_of_a_group_is_one_of_kafkas_and_of_a_folder(command: str, name: str) -> None:
    done = CliRunner().invoke(app, [command, "--group", name])
    assert done.exit_code == 2
    assert "Invalid value for '--group'" in done.output


@pytest.mark.parametrize(
    "option",
    [
        "consume --wait", "consume --timeout", "produce --delivery-timeout", "produce --delay", "produce --rate",
        "run --snapshot-interval", "run --idle", "run --registry-wait", "status --wait", "status --timeout",
        "doctor --timeout",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "999999999", "-1"])
def test_a_number_has_an_end(option: str, value: str) -> None:
    command, name = option.split()
    done = CliRunner().invoke(app, [command, name, value])
    assert done.exit_code == 2
    assert f"Invalid value for '{name}'" in done.output
