"""What a person sees at a terminal: a row is a line, and what to do stands below with the whole detail."""

import io

from rich.console import Console

from sentinel_cli.status.flink_api import Reading
from sentinel_cli.status.screen import show
from sentinel_cli.status.verdict import judge

KINDS = {"transactions-raw-watermark": "watermark", "structuring": "insert", "triage": "insert"}
READINGS = {
    "transactions-raw-watermark": Reading("COMPLETED", ""),
    "structuring": Reading("FAILED", "Table sentinel.transactions_raw was dropped while\nthe statement was running"),
    "triage": Reading("RUNNING", ""),
}
SCREEN = """\
statement                   kind       expected   phase      detail
structuring                 insert     RUNNING    FAILED     Table sentinel.tra…
triage                      insert     RUNNING    RUNNING
transactions-raw-watermark  watermark  COMPLETED  COMPLETED

structuring is FAILED. It says: Table sentinel.transactions_raw was dropped
while the statement was running
It has ended and does not come back by itself: mend what the detail says, then
`pulumi up --replace URN`, with the URN from `pulumi stack --show-urns`.

2 jobs and 1 other statements: 1 not as it should be.
"""


def test_a_row_is_a_line_and_what_to_do_stands_below() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None, highlight=False)
    show(judge(KINDS, READINGS, stopped=False), console)
    assert isinstance(console.file, io.StringIO)
    assert [line.rstrip() for line in console.file.getvalue().splitlines()] == SCREEN.splitlines()


def test_elsewhere_the_whole_detail_stands_in_the_table() -> None:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    show(judge(KINDS, READINGS, stopped=False), console)
    assert isinstance(console.file, io.StringIO)
    assert (
        "FAILED     Table sentinel.transactions_raw was dropped while the statement was running"
        in console.file.getvalue()
    )
