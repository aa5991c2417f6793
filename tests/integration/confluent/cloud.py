"""The cloud: one JSON file that several provider processes and several runs share, and a log of every call."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

State = dict[str, Any]
"""All objects of the cloud: a dict by id for each collection, beside `faults`, `violations` and `count`."""

VARIABLE = "CONFLUENT_STAND_IN_CLOUD"
"""Environment variable that names the file to the provider's processes."""
ORGANIZATION = "0b0b0b0b-0000-4000-8000-00000000ac1e"
ADMIN = "u-admin1"
_COLLECTIONS = [
    "environments",
    "clusters",
    "registries",
    "accounts",
    "bindings",
    "keys",
    "pools",
    "topics",
    "subjects",
    "configs",
    "statements",
    "connections",
    "models",
    "agents",
    "tables",
]


class ApiError(Exception):
    """The service's answer to a call that it refuses: an HTTP status and its text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {_REASONS.get(status, 'Error')}: {text}")
        self.status = status


_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class Cloud:
    """The file and its log, which stands beside it."""

    def __init__(self, path: Path) -> None:
        self.path, self.log = path, path.with_suffix(".log.jsonl")

    @classmethod
    def of_environment(cls) -> "Cloud":
        """The cloud that the environment variable names."""
        return cls(Path(os.environ[VARIABLE]))

    @classmethod
    def create(cls, path: Path, key: str, secret: str) -> "Cloud":
        """A new organization with one environment (as each has) and one user, who owns one Cloud API key."""
        state: State = {name: {} for name in _COLLECTIONS} | {"faults": [], "violations": [], "count": 0}
        state["environments"]["env-default"] = {"displayName": "default", "package": "ESSENTIALS"}
        crn = f"crn://confluent.cloud/organization={ORGANIZATION}"
        state["bindings"]["rb-admin"] = {"principal": ADMIN, "role": "OrganizationAdmin", "crn": crn}
        state["accounts"][ADMIN] = {"displayName": "admin", "description": ""}
        state["keys"][key] = {"kind": "cloud", "owner": ADMIN, "secret": secret}
        path.write_text(json.dumps(state), encoding="utf-8")
        return cls(path)

    @contextmanager
    def open(self) -> Iterator[State]:
        """All objects, to be read and changed by this process alone; kept also when an error is raised."""
        with self.path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            state = json.load(file)
            try:
                yield state
            finally:
                text = json.dumps(state, indent=1)
                file.seek(0)
                file.truncate()
                file.write(text)
                file.flush()

    def read(self) -> State:
        """All objects as they are now."""
        with self.path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            state: State = json.load(file)
            return state

    def tell(self, **fault: Any) -> None:
        """Have one of the faults that `faults.py` describes."""
        with self.open() as state:
            state["faults"].append(fault)

    def purge_ended_statements(self) -> list[str]:
        """Forget every statement that no longer runs, as the service does after 30 days; their names."""
        with self.open() as state:
            statements = state["statements"]
            gone = [key for key, about in statements.items() if about["phase"] in {"COMPLETED", "FAILED", "STOPPED"}]
            for key in gone:
                del statements[key]
        return [key.rpartition("/")[2] for key in gone]

    def note(self, entry: dict[str, Any]) -> None:
        """Append one call to the log."""
        with self.log.open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(json.dumps(entry) + "\n")

    def calls(self) -> list[dict[str, Any]]:
        """Every call so far, in order."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


def new_id(state: State, prefix: str) -> str:
    """An id that no other object has."""
    state["count"] += 1
    return f"{prefix}{state['count']:06d}"


def found(state: State, collection: str, key: str, what: str) -> dict[str, Any]:
    """The object of an id; 404 where there is none."""
    if key not in state[collection]:
        raise ApiError(404, f"{what} {key} does not exist")
    item: dict[str, Any] = state[collection][key]
    return item


def violation(state: State, text: str) -> None:
    """Record what no well-made program does, though the service lets it pass."""
    state["violations"].append(text)
