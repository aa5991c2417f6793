"""What an id stands for is asked for once; that it stands for nothing is believed for a while."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from sentinel_cli.kafka import registry as module
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.registry import BELIEVED, Registry
from sentinel_cli.settings import SecurityProtocol
from sql.errors import SettingsError

NOBODY = SecretStr("")


class Answers:
    """The ids that a registry has, and those that it was asked for."""

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.asked: list[int] = []
        self.now = 1_000.0


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def registry(answers: Answers) -> Iterator[Registry]:
    """A registry of those ids, by a clock that stands still."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            schema_id = int(self.path.partition("?")[0].rpartition("/")[2])
            answers.asked.append(schema_id)
            is_there = schema_id in answers.ids
            body = b'{"schema": "{}", "schemaType": "JSON"}' if is_there else b'{"error_code": 40403, "message": ""}'
            self.send_response(200 if is_there else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        where = Connection("", SecurityProtocol.plaintext, "", NOBODY, "", url, "", NOBODY)
        yield Registry(where, clock=lambda: answers.now)
        server.shutdown()


def test_an_id_that_is_registered_after_it_was_seen_is_found(registry: Registry, answers: Answers) -> None:
    assert registry.by_id(8) is None
    answers.ids.add(8)
    answers.now += BELIEVED - 1
    assert registry.by_id(8) is None
    answers.now += 1
    found = registry.by_id(8)
    assert found is not None
    assert (found.id, found.type) == (8, "JSON")
    answers.now += 10 * BELIEVED
    assert registry.by_id(8) == found
    assert answers.asked == [8, 8]


def test_an_id_that_stays_unknown_is_asked_for_once_in_a_while(registry: Registry, answers: Answers) -> None:
    for _ in range(3):
        assert [registry.by_id(8) for _ in range(100)] == [None] * 100
        answers.now += BELIEVED
    assert answers.asked == [8, 8, 8]


def test_a_flood_of_unknown_ids_takes_no_more_room_and_forgets_no_known_one(
    registry: Registry, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 10)
    answers.ids.add(1)
    for schema_id in [1, *range(2, 30), *range(20, 30), 1]:
        registry.by_id(schema_id)
    assert answers.asked == list(range(1, 30))
    assert len(registry.unknown) == 10


def connected(url: str) -> Connection:
    return Connection("127.0.0.1:1", SecurityProtocol.plaintext, "", NOBODY, "", url, "", NOBODY)


@pytest.mark.parametrize("url", ["bar", "http://[::1", "http://127.0.0.1:99999", "ftp://host", "http://u:secret@host"])
def test_an_endpoint_that_is_no_url_is_one_sentence(url: str) -> None:
    with pytest.raises(SettingsError, match="must be a URL") as refused:
        Registry(connected(url))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "proxy", "url"),
    [
        ("ALL_PROXY", "socks5://u:secret@127.0.0.1:1", "http://127.0.0.1:1"),
        ("ALL_PROXY", "foo://127.0.0.1:1", "http://127.0.0.1:1"),
        ("HTTPS_PROXY", "ftp://u:secret@127.0.0.1", "https://registry.example"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_one_sentence(
    variable: str, proxy: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(SettingsError, match=f"^{variable} must name an HTTP proxy") as refused:
        Registry(connected(url))
    assert "secret" not in str(refused.value)
