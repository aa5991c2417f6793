"""What the pack says of each wrong stack; `python -m tests.stacks.policies.violations` writes it anew."""

import copy
from functools import cache
from pathlib import Path

from tests.stacks.policies.damage import CASES
from tests.stacks.policies.pack import Pack, started
from tests.stacks.policies.recorder import Recording, record

GOLDEN = Path(__file__).with_name("violations.txt")


@cache
def production() -> Recording:
    """The stack prod with all values known."""
    return record("prod", "azureopenai", preview=False)


def section(sentence: str, pack: Pack) -> str:
    """A wrong stack and what the pack says of it."""
    recording = copy.deepcopy(production())
    CASES[sentence](recording)
    return "\n".join([f"# {sentence}", *map(str, pack.judge(recording, production()))]) + "\n"


def main() -> None:
    """Write the golden file."""
    with started() as pack:
        GOLDEN.write_text("\n".join(section(sentence, pack) for sentence in CASES), encoding="utf-8")


if __name__ == "__main__":
    main()
