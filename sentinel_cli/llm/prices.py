"""What tokens cost; prices.toml has the prices, with their source and the day they were read."""

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

_MILLION = 1_000_000
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens, in and out."""

    input: Decimal
    output: Decimal

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """US dollars for so many tokens."""
        return (self.input * input_tokens + self.output * output_tokens) / _MILLION


def known_price(model: str) -> Price | None:
    """The list price of a model or of a dated snapshot of it; None of a model that is not in the table."""
    return _table().get(_DATED.sub("", model))


@cache
def _table() -> dict[str, Price]:
    text = (Path(__file__).parent / "prices.toml").read_text(encoding="utf-8")
    return {name: Price(*map(Decimal, pair)) for name, pair in tomllib.loads(text)["models"].items()}
