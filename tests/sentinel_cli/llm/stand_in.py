"""A stand-in of the OpenAI API on loopback: real HTTP, answers by rule, and faults on demand."""

import asyncio
import json
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

Json = dict[str, Any]


@dataclass
class Seen:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: Json
    number: int
    """From 1 on, in order of arrival."""
    tries: int
    """How often this text has come, this time included."""

    @property
    def text(self) -> str:
        return json.dumps(self.body["messages"])

    @property
    def is_triage(self) -> bool:
        return len(self.body["messages"]) == 2


Fault = Callable[["StandIn", Seen, asyncio.StreamWriter], Awaitable[None]]


def decision(seen: Seen) -> str:
    """What the stand-in decides: by the text, a third each."""
    return ("ESCALATE", "REVIEW", "DISMISS")[zlib.crc32(seen.body["messages"][-1]["content"].encode()) % 3]


def content(seen: Seen) -> str:
    """The text of a good answer."""
    if not seen.is_triage:
        return f"Deposits below the threshold follow each other, E1 to E5 ({zlib.crc32(seen.text.encode())})."
    answer = {"decision": decision(seen), "priority": 4, "sar_recommended": False}
    return json.dumps({**answer, "recommended_action": "Look at the takings.", "rationale": "E1 and E2 are takings."})


def completion(seen: Seen, **message: object) -> Json:
    """A chat completion around a message."""
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": 1_764_000_000,
        "model": "stand-in-2026-01-01",
        "choices": [
            {
                "index": 0,
                "finish_reason": message.pop("finish_reason", "stop"),
                "message": {"role": "assistant", "content": None, "refusal": None, **message},
            }
        ],
        "usage": {"prompt_tokens": len(seen.text) // 4, "completion_tokens": 60, "total_tokens": len(seen.text) // 4},
    }


@dataclass
class StandIn:
    """The server; `fault` may take a request, and gives None where it is to be answered well."""

    fault: Callable[[Seen], Fault | None] = lambda _: None
    latency: float = 0.0
    """Seconds before each answer."""
    seen: list[Seen] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    """How often each text got an answer of the model, good or not."""
    tries: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.stopped = asyncio.Event()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve(ready))
        self.loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await self.stopped.wait()
        server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing() and (head := await reader.readuntil(b"\r\n\r\n")):
                await self._request(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            # The client has gone, or the server ends: asyncio's own wrapper does not take a cancelled handler.
            pass
        finally:
            writer.close()

    async def _request(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        method, target, _ = first.split(" ")
        seen = Seen(method, target, headers, body, len(self.seen) + 1, 0)
        self.tries[seen.text] += 1
        seen.tries = self.tries[seen.text]
        self.seen.append(seen)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.latency)
            await (self.fault(seen) or good)(self, seen, writer)
        finally:
            self.in_flight -= 1

    async def reply(
        self, writer: asyncio.StreamWriter, body: object, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Send a whole response."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = {"content-type": "application/json", "content-length": str(len(data)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + data)
        await writer.drain()

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter, **message: object) -> None:
        """Send an answer of the model."""
        self.answered[seen.text] += 1
        await self.reply(writer, completion(seen, **message))


async def good(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    await server.answer(seen, writer, content=content(seen))


async def refusal(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    await server.answer(seen, writer, refusal="I can't help with that.")


async def garbage(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Words where JSON was asked for, and nothing where a summary was."""
    await server.answer(seen, writer, content="DISMISS, I would say." if seen.is_triage else "  ")


async def truncated(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """The model came to its longest answer in the middle of the JSON, after a decision to dismiss."""
    text = '{"decision": "DISMISS", "priority": 5, "sar_recommended": false, "rationale": "E1 sh'
    await server.answer(seen, writer, content=text if seen.is_triage else "", finish_reason="length")


async def filtered(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """The provider's filter took the end of the answer."""
    await server.answer(seen, writer, content=content(seen), finish_reason="content_filter")


async def filtered_request(server: StandIn, _: Seen, writer: asyncio.StreamWriter) -> None:
    """The provider's filter took the request, as Azure says it."""
    error = {"code": "content_filter", "message": "The response was filtered.", "param": "prompt", "status": 400}
    await server.reply(writer, {"error": error}, 400)


async def megabyte(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """A sound answer, but for its length: a summary of a megabyte, a rationale of a megabyte."""
    padding = " and so on" * 100_000
    text = content(seen).replace(" are takings.", padding) if seen.is_triage else content(seen) + padding
    await server.answer(seen, writer, content=text)


async def uncounted(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """A good answer, and tokens that nobody can have counted."""
    body = completion(seen, content=content(seen))
    body["usage"]["prompt_tokens"] = 10**30
    server.answered[seen.text] += 1
    await server.reply(writer, body)


async def hang(_: StandIn, __: Seen, ___: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3_600)


async def cut(_: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """The connection ends in the middle of the body."""
    data = json.dumps(completion(seen, content=content(seen))).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data[:100])
    await writer.drain()
    writer.close()


async def slow_drip(_: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """A byte every 50 ms: each comes in time, and the whole never does."""
    data = json.dumps(completion(seen, content=content(seen))).encode()
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode())
    for byte in data:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def broken_body(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
    """A whole response whose JSON is half."""
    await server.reply(writer, json.dumps(completion(seen, content=content(seen))).encode()[:120])


async def html(server: StandIn, _: Seen, writer: asyncio.StreamWriter) -> None:
    """A proxy's page in place of an answer."""
    await server.reply(writer, b"<html>Welcome</html>", headers={"content-type": "text/html"})


async def no_choices(server: StandIn, _: Seen, writer: asyncio.StreamWriter) -> None:
    await server.reply(writer, {"choices": [], "usage": {"prompt_tokens": "many"}})


def status(code: int, headers: dict[str, str] | None = None, /, **error: object) -> Fault:
    """A response with an error; it repeats the request's key, as some servers do."""

    async def fault(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
        key = seen.headers.get("api-key") or seen.headers.get("authorization", "")
        await server.reply(writer, {"error": {"message": f"Not with {key}.", **error}}, code, headers)

    return fault


def first_try(fault: Fault, every: int) -> Callable[[Seen], Fault | None]:
    """The fault at the first try of one text in so many."""
    return lambda seen: fault if seen.tries == 1 and zlib.crc32(seen.text.encode()) % every == 0 else None


def always(fault: Fault) -> Callable[[Seen], Fault | None]:
    return lambda _: fault


if __name__ == "__main__":
    # A process of its own, for measurements: python -m tests.sentinel_cli.llm.stand_in SECONDS
    with StandIn(latency=float(sys.argv[1])) as alone:
        print(alone.url, flush=True)
        sys.stdin.read()
