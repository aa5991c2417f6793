"""The keys in docs/dashboard.md, and its picture: a seeded stream on a board whose clock is moved by hand."""

import asyncio
from pathlib import Path

from sentinel_cli.dashboard.app import Dashboard
from sentinel_cli.dashboard.board import Board
from sentinel_cli.dashboard.keys import key_rows
from sentinel_cli.demo import Demo
from sentinel_cli.generator import Mode

PAGE = Path(__file__).parent.parent / "docs/dashboard.md"
_HEADING, _END = "## Keys\n", "\n## What the dashboard shows"
_STEP = 37.0
"""Seconds of the clock between two steps of the stream."""


def dashboard_page() -> str:
    """The page as it is, with the keys as they are."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_HEADING)
    comment = rest.partition("\n")[0]
    keys = [f"| {key} | {meaning} |" for key, meaning in key_rows()]
    table = "\n".join(["| key | what it does |", "|---|---|", *keys])
    return f"{before}{_HEADING}{comment}\n\n{table}\n{_END}{rest.partition(_END)[2]}"


def dashboard_picture() -> str:
    """What a terminal of 120 by 36 shows, as SVG."""
    now = 1_800_000_000.0
    board = Board(50, lambda: now)
    taken = 0
    for progress in Demo(400, 20, Mode.mixed, 0).run():
        board.events(progress.transactions - taken)
        taken = progress.transactions
        for case in progress.cases:
            board.alert(case, now)
            board.found(case["alert_id"], case)
        now += _STEP
    board.heard()
    return asyncio.run(_drawn(board))


async def _drawn(board: Board) -> str:
    app = Dashboard(board, "a simulated stream on this machine")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("down", "down")
        await pilot.pause()
        return app.export_screenshot(title="sentinel dashboard")
