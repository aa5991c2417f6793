"""What all loops work on, and what they say."""

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.ledger.recorder import Recorder
from sentinel_cli.llm.functions import Answering
from sentinel_cli.service.figures import Figures
from sentinel_cli.service.options import Options
from sql import Pipeline


@dataclass(frozen=True)
class Job:
    """A pipeline, the broker that it runs on, and how."""

    connection: Connection
    pipeline: Pipeline
    options: Options
    answering: Answering
    """Tells `recorder` of its calls."""
    recorder: Recorder
    figures: Figures = field(default_factory=Figures)

    def group(self, loop: str) -> str:
        """The consumer group of a loop."""
        return f"{self.options.group}-{loop}"


def note(text: str) -> None:
    """Commentary on stderr; a reader that has gone is no reason to stop."""
    with suppress(OSError, ValueError):
        print(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}", file=sys.stderr, flush=True)
