"""The screen as a person sees it; `UPDATE_SCREENS=1` writes the files of this folder anew."""

import os
from pathlib import Path

import pytest

from sentinel_cli.dashboard.board import Board
from tests.sentinel_cli.dashboard.screen import Clock, after, an_alert, an_analysts_decision, colours, filled

SCREENS = Path(__file__).parent / "screens"


@pytest.mark.parametrize(
    ("name", "size", "keys"),
    [
        ("narrow", (80, 24), []),
        ("narrow-second-chosen", (80, 24), ["down", "down"]),
        ("narrow-filtered-and-paused", (80, 24), ["s", "p"]),
        ("narrow-help", (80, 24), ["question_mark"]),
        ("medium", (120, 40), ["down", "down"]),
        ("wide", (150, 30), ["down", "down"]),
    ],
)
def test_the_screen_is_as_it_was(name: str, size: tuple[int, int], keys: list[str]) -> None:
    shown = after(filled()[0], *keys, size=size)
    path = SCREENS / f"{name}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_what_the_analyst_decided_stands_beside_what_the_agent_did() -> None:
    board, _ = filled()
    board.decided_by_analyst(an_analysts_decision(1, decision="DISMISS", reason="[red]Not[/] usual.\x1b[2J"))
    board.decided_by_analyst(an_analysts_decision(2, decision="REVIEW"))
    shown = after(board, "down", "down", "down", size=(120, 40))
    assert "agree 50% of 2" in shown
    assert "analyst DISMISS A. Analyst, 2025-01-06 09:13 UTC, other than the agent" in shown
    assert "reason [red]Not[/] usual.�[2J" in shown
    assert ["ESCALATE  =" in shown, "DISMISS   ≠" in shown] == [True, True]


def test_the_footer_fits_into_80_columns() -> None:
    assert after(filled()[0]).splitlines()[-1].endswith("c CSV")


def test_an_empty_board_says_so() -> None:
    shown = after(Board(50, Clock()))
    assert "connecting to a test" in shown
    assert "No alert is shown." in shown
    assert "events/min unknown" in shown


def test_silence_is_told() -> None:
    board, clock = filled()
    clock.now += 42
    assert "a test is away: last contact 42s ago, trying again" in after(board)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 10)])
def test_nothing_that_a_customer_writes_is_obeyed(size: tuple[int, int]) -> None:
    hostile = "[red]A[/]\x1b[2J[@click=app.quit]x[/]"
    board = Board(50, Clock())
    texts = {"summary": hostile, "rationale": hostile, "recommended_action": hostile, "guard": hostile}
    board.alert(
        {
            **an_alert(1, rule_id=hostile, account_id=hostile, customer_id=hostile, currency=None),
            "detail": hostile,
            "evidence": [hostile],
            **texts,
        },
        0.0,
    )
    shown = after(board, "down", size=size)
    assert "\x1b" not in shown
    assert "[red]A" in shown


def test_a_detail_that_is_nested_without_end_is_shown_as_it_is() -> None:
    board = Board(50, Clock())
    board.alert({**an_alert(1), "detail": "[" * 20_000}, 0.0)
    assert "[[[[" in after(board, size=(120, 40))


def test_without_colours_everything_is_still_said_in_greys(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = after(filled()[0])
    assert not all(is_grey(colour) for colour in colours(filled()[0]))
    monkeypatch.setenv("NO_COLOR", "1")
    assert after(filled()[0]) == coloured
    assert all(is_grey(colour) for colour in colours(filled()[0]))


def is_grey(colour: tuple[int, ...]) -> bool:
    return len(set(colour)) == 1
