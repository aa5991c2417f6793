"""The worker's process: started, asked with a time-out, and stopped with everything it started."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import IO, Any

from sql.errors import EngineError

_WORKER = Path(__file__).with_name("worker.py")
_START_TIMEOUT = 900.0
"""Seconds until the cluster must be up; the first start ever downloads about 0.5 GB."""
_STOP_TIMEOUT = 10.0
_SHORT_RUNS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx2g"
"""The quick compiler alone: a short run takes about half the time that it takes with both."""
_LONG_RUNS = "-XX:+UseParallelGC -Xmx4g"


class WorkerProcess:
    """One running worker; `log` in the folder holds what Flink writes."""

    def __init__(self, folder: Path, long_runs: bool) -> None:
        """
        Start the worker and wait until its cluster is up (about 10 s).

        Raises:
            EngineError: uv is missing, or the worker could not be installed or started.
        """
        self._log = folder / "worker.log"
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = _launch(folder, self._log, _LONG_RUNS if long_runs else _SHORT_RUNS)
        assert self._process.stdout is not None  # noqa: S101 (a pipe was asked for)
        threading.Thread(target=_forward, args=(self._process.stdout, self._answers), daemon=True).start()
        try:
            self._answer(_START_TIMEOUT)
        except BaseException:
            self.stop()
            raise

    def request(self, timeout: float, **request: object) -> dict[str, Any]:
        """
        Ask the worker and wait for its answer, at most `timeout` seconds.

        Raises:
            EngineError: Flink refused or failed, with its own reason; or no answer came, and the worker is stopped.
        """
        assert self._process.stdin is not None  # noqa: S101 (a pipe was asked for)
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise self._gone() from None
        try:
            answer = self._answer(timeout)
        except BaseException:
            _kill_group(self._process)  # the answer may still come, and would be taken for the next one's
            raise
        if answer["error"]:
            raise EngineError(f"Apache Flink: {answer['error']}")
        return answer

    def stop(self) -> None:
        """End the worker and its JVM; safe to call again."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._close_stdin()
        try:
            self._process.wait(_STOP_TIMEOUT)
        except BaseException as error:
            _kill_group(self._process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
        _kill_group(self._process)

    def _close_stdin(self) -> None:
        try:
            self._process.stdin.close()  # type: ignore[union-attr]
        except OSError:  # the worker is gone already
            return

    def _answer(self, timeout: float) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=timeout)
        except queue.Empty:
            raise EngineError(f"Apache Flink gave no answer in {timeout:.0f} s and was stopped") from None
        if not line:
            raise self._gone()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _gone(self) -> EngineError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return EngineError(f"the Apache Flink worker ended: {' '.join(lines[-5:]) or 'it wrote nothing'}")


def _launch(folder: Path, log: Path, java_options: str) -> subprocess.Popen[str]:
    uv = shutil.which("uv")
    if uv is None:
        raise EngineError("Apache Flink runs through uv, which was not found: install it (https://docs.astral.sh/uv/)")
    dropped = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {
        "FLINK_LOG_DIR": str(folder),
        "TMPDIR": str(folder),
        "JVM_ARGS": f"{java_options} -Djava.io.tmpdir={folder}",
    }
    with log.open("wb") as stderr:
        return subprocess.Popen(
            [uv, "run", "--quiet", "--script", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for us, who then stop it; and one group holds uv, worker and JVM
        )


def _forward(stdout: IO[str], answers: queue.SimpleQueue[str]) -> None:
    with stdout:
        for line in stdout:
            answers.put(line)
    answers.put("")


def _kill_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # all of it has ended by itself
        return
    finally:
        process.wait()
