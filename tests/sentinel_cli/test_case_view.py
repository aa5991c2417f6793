"""A case is shown whole, and nothing in it commands the terminal."""

import io
from pathlib import Path

from rich.console import Console

from sentinel_cli.case_view import case_table, plain
from sentinel_cli.consumer.desk import Desk
from sentinel_cli.ledger.store import Ledger
from sql import load_pipeline
from tests.alerts import alert
from tests.sentinel_cli.kafka.test_reading import READER, framed


def test_markup_and_control_characters_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    hostile = "[red]A[/]\x1b[2J\u202e\r\n"
    desk = Desk(load_pipeline(), Ledger(tmp_path / "ledger").make())
    (case,) = desk.cases([(READER.row(framed(alert(1, account_id=hostile))), None, None)])
    desk.close()
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    console.print(case_table(case))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]A[/]�[2J���" in shown
    assert "\x1b[2J" not in shown


def test_letters_of_any_script_stay() -> None:
    assert plain("Zoë Łódź 東京 €") == "Zoë Łódź 東京 €"
