import subprocess
import sys

import pytest

from sentinel_cli.pipes import CLOSED_PIPE

PROGRAM = """
from sentinel_cli.outputs import write_rows
from sentinel_cli.pipes import closed_pipe_ends_quietly
with closed_pipe_ends_quietly():
    write_rows(({'n': n} for n in range(10**9)), None)
"""


def test_a_pipe_closed_early_ends_quietly() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b'{"n":0}\n'
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == CLOSED_PIPE


@pytest.mark.parametrize(
    ("words", "closed", "ended"),
    [
        ("generate --events 3", ">&-", (1, "", "sentinel: stdout is closed: nothing can be written\n")),
        ("--help", ">&-", (1, "", "sentinel: stdout is closed: nothing can be written\n")),
        ("ledger list --stage x", "2>&-", (2, "", "")),
        ("dashboard", "<&-", (2, "", "sentinel: The dashboard needs a terminal")),
        ("preview-report -", "<&-", (1, "", "sentinel: ")),
    ],
)
def test_a_stream_that_is_closed_from_the_start_is_no_traceback(
    words: str, closed: str, ended: tuple[int, str, str]
) -> None:
    command = f"{sys.executable} -m sentinel_cli {words} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == ended[:2]
    assert done.stderr.startswith(ended[2])
    assert done.stderr.count("\n") <= 1
