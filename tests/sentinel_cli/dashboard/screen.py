"""A dashboard without a terminal: a board filled by hand, keys pressed, the screen as text a person can read."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from sentinel_cli.dashboard.app import Dashboard
from sentinel_cli.dashboard.board import Board
from sentinel_cli.kafka.reading import Row
from tests.alerts import alert, analyst_decision, disposition
from tests.sentinel_cli.consumer.test_desk import row

NOW = 1_800_000_000.0
Script = Callable[[Dashboard, Pilot[Any]], Awaitable[None]]


class Clock:
    """Epoch seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def an_alert(number: int, **changes: Any) -> Row:
    return row("aml_alerts", alert(number, **changes))


def a_disposition(number: int, **changes: Any) -> Row:
    return row("alert_dispositions", disposition(number, **changes))


def an_analysts_decision(number: int, **changes: Any) -> Row:
    return row("analyst_decisions", analyst_decision(number, **changes))


def filled(most: int = 50) -> tuple[Board, Clock]:
    """Four alerts, a minute apart, two of them decided."""
    clock = Clock()
    board = Board(most, clock)
    board.events(0)
    kinds: list[dict[str, Any]] = [
        {"severity": "LOW", "rule_id": "geo", "total_amount": 120.0},
        {"severity": "CRITICAL", "rule_id": "structuring", "total_amount": 51_510.25},
        {"severity": "HIGH", "rule_id": "velocity", "total_amount": None, "currency": None},
        {"severity": "MEDIUM", "rule_id": "structuring_multiday", "currency": "EUR"},
    ]
    for number, kind in enumerate(kinds, 1):
        clock.now += 60
        board.events(100 * number)
        board.alert(an_alert(number, **kind), clock.now)
    board.found(an_alert(1)["alert_id"], a_disposition(1, decision="DISMISS", priority=5, sar_recommended=False))
    board.found(an_alert(2)["alert_id"], {**a_disposition(2, guard="TOTAL", agent_decision="REVIEW"), **_summary()})
    clock.now += 5
    board.heard()
    return board, clock


def _summary() -> Row:
    by = {"summary_model": "a_model", "summary_prompt_version": "00000001", "summary_status": "OK"}
    return {"summary": "Five deposits below the threshold.", **by}


def play(board: Board, script: Script, size: tuple[int, int] = (80, 24)) -> None:
    """Open a dashboard on a board and do what the script says."""

    async def run() -> None:
        app = Dashboard(board, "a test")
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            await script(app, pilot)

    asyncio.run(run())


def text(app: Dashboard) -> str:
    """What the screen shows, without colours."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def colours(board: Board) -> set[tuple[int, ...]]:
    """Every colour of the screen, of letters and behind them, as red, green and blue."""
    found = set[tuple[int, ...]]()

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        app.show_board()
        await pilot.pause()
        styles = (segment.style for strip in app.screen._compositor.render_strips() for segment in strip)
        for colour in (colour for style in styles if style for colour in (style.color, style.bgcolor)):
            if colour is not None:
                found.add(tuple(colour.get_truecolor()))

    play(board, script)
    return found


def after(board: Board, *keys: str, size: tuple[int, int] = (80, 24)) -> str:
    """The screen after some keys."""
    shown = []

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        app.show_board()
        await pilot.pause()
        shown.append(text(app))

    play(board, script, size)
    return shown[0]
