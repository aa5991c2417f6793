"""Which of several instances on a machine this one is: the first whose lock file is free."""

import fcntl
import platform
from pathlib import Path
from typing import IO

from sql.errors import ServiceError

_MOST = 100


class Slot:
    """
    A number that is held as long as the process lives; an instance that is started again takes its own back.

    Kafka then knows its transactional id, and ends what the one before left open: a new id would wait for the time-out.
    Raises ServiceError where the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Snapshots hold transactions of customers.
            folder.chmod(0o700)
            self.number, self._lock = next(found for n in range(_MOST) if (found := _locked(folder, n)))
        except OSError as error:
            raise ServiceError(f"The state folder {folder} cannot be used: {error.strerror}.") from None

    def transactional_id(self, group: str, loop: str) -> str:
        """The id of a loop's transactions, the same for this slot of this machine whenever it is started."""
        return f"sentinel-{group}-{loop}-{platform.node()}-{self.number}"


def _locked(folder: Path, number: int) -> tuple[int, IO[str]] | None:
    file = (folder / f"slot-{number}.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return number, file
