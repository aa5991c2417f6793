import subprocess
import sys

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
