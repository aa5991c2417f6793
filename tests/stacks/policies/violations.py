"""What the pack says of each wrong stack; `python -m tests.stacks.policies.violations` writes it anew."""

import copy
from functools import cache
from pathlib import Path

from tests.stacks.policies.damage import CASES
from tests.stacks.policies.pack import Pack, started
from tests.stacks.policies.shown import ShownStack, shown
from tests.stacks.recorder import Recording, record
from tests.stacks.stack_configs import SECRETS, config_of

GOLDEN = Path(__file__).with_name("violations.txt")


@cache
def recorded() -> Recording:
    """A run of the program for the stack prod, with all values known."""
    return record(config_of("prod"), SECRETS["azureopenai"], stack="prod")


@cache
def production() -> ShownStack:
    """The stack prod as a pack is shown it."""
    return shown(recorded(), "prod")


def section(sentence: str, pack: Pack) -> str:
    """A wrong stack and what the pack says of it."""
    stack = copy.deepcopy(production())
    CASES[sentence](stack)
    return "\n".join([f"# {sentence}", *map(str, pack.judge(stack, production()))]) + "\n"


def main() -> None:
    """Write the golden file."""
    with started() as pack:
        GOLDEN.write_text("\n".join(section(sentence, pack) for sentence in CASES), encoding="utf-8")


if __name__ == "__main__":
    main()
