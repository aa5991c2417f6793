"""Keys pressed, as at a terminal."""

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from sentinel_cli.dashboard.app import Dashboard
from sentinel_cli.dashboard.table import AlertTable
from tests.alerts import alert_id
from tests.sentinel_cli.dashboard.screen import after, an_alert, filled, play, text


def chosen(app: Dashboard) -> str:
    case = app.query_one(AlertTable).chosen
    return case.row["alert_id"] if case else ""


def test_filters_narrow_and_escape_takes_them_away() -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press("s", "s")
        assert [case.row["severity"] for case in app.shown()] == ["HIGH"]
        await pilot.press("d")
        assert app.shown() == []
        assert "0 shown: severity HIGH, decision ESCALATE" in text(app)
        await pilot.press("escape")
        assert len(app.shown()) == 4
        await pilot.press("r", "r")
        assert [case.row["rule_id"] for case in app.shown()] == ["structuring"]

    play(board, script)


def test_an_account_is_found_while_it_is_typed() -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", "0", "0", "3")
        assert app.focused == app.query_one("#account")
        assert [case.row["account_id"] for case in app.shown()] == ["ACC-000003"]
        await pilot.press("enter")
        assert app.focused == app.query_one(AlertTable)
        await pilot.press("escape")
        assert len(app.shown()) == 4
        assert app.query_one("#account", Input).value == ""

    play(board, script)


def test_the_order_can_be_changed() -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press("o")
        assert app.shown()[0].row["severity"] == "CRITICAL"
        await pilot.press("b")
        assert app.shown()[0].row["severity"] == "LOW"

    play(board, script)


def test_the_first_row_follows_the_newest_and_a_chosen_one_stays() -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        assert chosen(app) == alert_id(4)
        board.alert(an_alert(5), 0.0)
        app.show_board()
        await pilot.pause()
        assert chosen(app) == alert_id(5)
        await pilot.press("down", "down")
        assert chosen(app) == alert_id(3)
        board.alert(an_alert(6), 0.0)
        app.show_board()
        await pilot.pause()
        assert chosen(app) == alert_id(3)
        await pilot.press("down")
        assert chosen(app) == alert_id(2)
        assert "guard TOTAL" in text(app)
        await pilot.press("home")
        assert chosen(app) == alert_id(6)

    play(board, script)


def test_the_view_stands_still_while_the_stream_is_read() -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press("p")
        board.alert(an_alert(5), 0.0)
        app.show_board()
        await pilot.pause()
        assert len(app.shown()) == 4
        assert "PAUSED, 1 new" in text(app)
        assert "5 alerts" in text(app)
        await pilot.press("p")
        assert len(app.shown()) == 5

    play(board, script)


def test_a_disposition_changes_its_row() -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        assert "no disposition yet" in text(app)
        board.found(alert_id(4), {**filled()[0].snapshot().cases[2].row, "alert_id": alert_id(4), "decision": "REVIEW"})
        app.show_board()
        await pilot.pause()
        assert "REVIEW priority 2" in text(app)

    play(board, script)


def test_what_is_shown_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    board, clock = filled()
    board.alert(an_alert(5, account_id="=cmd|' /C calc'!A0"), 0.0)

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press("e")
        await pilot.pause(0.5)
        assert "Written to" in text(app)
        clock.now += 1
        await pilot.press("d", "d", "d", "c")

    play(board, script, (120, 40))
    (whole,), (filtered,) = tmp_path.glob("*.json"), tmp_path.glob("*.csv")
    rows = json.loads(whole.read_text())
    assert [row["alert_id"] for row in rows] == [alert_id(n) for n in (5, 4, 3, 2, 1)]
    assert b'"total_amount":42780.50,' in whole.read_bytes()
    with filtered.open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["decision"], line["total_amount"], line["detected_at"]) == ("DISMISS", "120.00", "1736154730831")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (whole, filtered)} == {0o600}


def test_a_spreadsheet_takes_nothing_for_a_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    board, _ = filled()
    board.alert(an_alert(5, account_id="=1+1"), 0.0)
    after(board, "c")
    (path,) = tmp_path.glob("*.csv")
    assert ",'=1+1," in path.read_text()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press("e", "e")
        await pilot.pause(0.5)
        assert "Nothing was written: File exists." in text(app)

    play(board, script, (120, 40))


def test_help_shows_every_key_and_closes() -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press("question_mark")
        assert "Leave the dashboard." in text(app)
        await pilot.press("escape")
        assert "Leave the dashboard." not in text(app)

    play(board, script, (120, 60))


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_it_is_left_by(key: str) -> None:
    board, _ = filled()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press(key)
        await pilot.pause()
        assert not app.is_running

    play(board, script)
