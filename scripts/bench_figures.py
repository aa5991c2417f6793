"""The figures of a benchmark: runs and claims, and the tables that show them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Result = dict[str, Any]
"""What one process measured: `seconds`, `cpu_seconds`, and where there are any `peak_mb` and `alerts`."""


@dataclass(frozen=True)
class Run:
    """A run that was repeated; medians."""

    section: str
    name: str
    runs: int
    seconds: float
    cpu_seconds: float | None = None
    """Of the process, user and system, start included."""
    events_per_second: int | None = None
    peak_mb: int | None = None
    """Peak resident memory of the process in MB (10^6 bytes); the largest of the runs."""


@dataclass(frozen=True)
class Claim:
    """A figure beside what it should be."""

    section: str
    claim: str
    figure: str
    target: str
    met: bool


@dataclass
class Figures:
    """All that was measured."""

    runs: list[Run] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    def add(self, section: str, name: str, results: Sequence[Result], events: int | None = None) -> float:
        """Add the results of one run; the median of its seconds."""
        seconds = median(result["seconds"] for result in results)
        cpu = [result["cpu_seconds"] for result in results if "cpu_seconds" in result]
        peaks = [result["peak_mb"] for result in results if "peak_mb" in result]
        run = Run(
            section=section,
            name=name,
            runs=len(results),
            seconds=round(seconds, 3),
            cpu_seconds=round(median(cpu), 3) if cpu else None,
            events_per_second=round(events / seconds) if events else None,
            peak_mb=max(peaks, default=None),
        )
        self.runs.append(run)
        return float(seconds)

    def at_least(self, section: str, claim: str, figure: float, target: float, unit: str = "x") -> None:
        """Claim a figure that should be large."""
        self.claims.append(
            Claim(section, claim, _number(figure, unit), f">= {_number(target, unit)}", figure >= target)
        )

    def at_most(self, section: str, claim: str, figure: float, target: float, unit: str = "x") -> None:
        """Claim a figure that should be small."""
        self.claims.append(
            Claim(section, claim, _number(figure, unit), f"<= {_number(target, unit)}", figure <= target)
        )

    def same(self, section: str, claim: str, expected: Sequence[str], *others: Sequence[str]) -> None:
        """Claim that alerts are the same, row for row."""
        rows = Counter(expected)
        differing = max(((rows - Counter(other)) + (Counter(other) - rows)).total() for other in others)
        figure = f"{len(expected)} alerts, " + (f"{differing} rows differ" if differing else "equal")
        self.claims.append(Claim(section, claim, figure, "equal", not differing))


def tables(figures: Figures) -> str:
    """Both tables in Markdown."""
    runs = [
        (r.section, r.name, f"{r.seconds:.2f}", _or_dash(r.cpu_seconds, ".1f"), _or_dash(r.events_per_second, ","),
         _or_dash(r.peak_mb, ","), str(r.runs))
        for r in figures.runs
    ]  # fmt: skip
    claims = [(c.section, c.claim, c.figure, c.target, "yes" if c.met else "**no**") for c in figures.claims]
    first = _table(("section", "run", "seconds", "CPU s", "events/s", "peak MB", "runs"), runs)
    return f"{first}\n\n{_table(('section', 'claim', 'figure', 'target', 'met'), claims)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float, unit: str) -> str:
    return f"{value:.2f}x" if unit == "x" else f"{value:,.{2 if unit == 's' else 0}f} {unit}"


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
