"""A stand-in of the Flink API on loopback: statements with their phases, Basic auth, and the failures of a service."""

import base64
import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

ORGANIZATION, ENVIRONMENT = "11111111-2222-3333-4444-555555555555", "env-made-up"
KEY, SECRET = "MADEUPKEY", "made-up-secret-0123456789"
PATH = f"/sql/v1/organizations/{ORGANIZATION}/environments/{ENVIRONMENT}/statements"


@dataclass
class FlinkApiStandIn:
    """Answers for `phases` (a list is gone through, one a request); `failures` are answered first, one a request.

    A failure is an HTTP status, or `hang`, `cut`, `garbage`, `foreign`; `lasting` is answered always.
    """

    phases: dict[str, str | list[str]]
    details: dict[str, str] = field(default_factory=dict)
    failures: list[int | str] = field(default_factory=list)
    lasting: int | str | None = None
    requests: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __enter__(self) -> Self:
        stand_in, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with lock:
                    stand_in.requests.append(self.path)
                    failure = stand_in.failures.pop(0) if stand_in.failures else stand_in.lasting
                if failure is not None:
                    self._fail(failure)
                elif self.headers.get("Authorization") != _basic():
                    self._answer(401, {"errors": [{"detail": "unauthorized"}]})
                else:
                    with lock:
                        status, body = stand_in._statement(self.path)
                    self._answer(status, body)

            def _fail(self, failure: int | str) -> None:
                if isinstance(failure, int):
                    self._answer(failure, {"errors": [{"detail": f"made to fail with {failure}"}]})
                elif failure == "hang":
                    time.sleep(3)
                elif failure == "garbage":
                    self._send(200, b"<html>not the Flink API</html>")
                elif failure == "foreign":
                    self._answer(200, {"data": []})
                self.close_connection = True

            def _answer(self, status: int, body: dict[str, Any]) -> None:
                self._send(status, json.dumps(body).encode())

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _statement(self, path: str) -> tuple[int, dict[str, Any]]:
        plain, _, query = path.partition("?")
        if plain == PATH and query:
            return 200, {"data": []}
        name = plain.removeprefix(f"{PATH}/")
        phases = self.phases.get(name)
        if not plain.startswith(f"{PATH}/") or phases is None:
            return 404, {"errors": [{"detail": "not found"}]}
        listed = [phases] if isinstance(phases, str) else phases
        phase = listed[min(self.asked[name], len(listed) - 1)]
        self.asked[name] += 1
        detail = self.details.get(name, "")
        return 200, {"name": name, "spec": {"stopped": False}, "status": {"phase": phase, "detail": detail}}


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
