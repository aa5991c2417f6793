"""
A rule-based explainer in place of a model: the same prompt gives the same paragraph, of at most 120 words.

It imports nothing of the project: Apache Flink's worker loads this file too.
"""

import re

_ORDINARY = {
    "structuring": "an ordinary explanation is a cash business that banks its takings. Next, compare with its usual "
    "deposits, and look at who paid in and where the money went.",
    "velocity": "an ordinary explanation is a payroll run or a sale. Next, look at who received the funds, and whether "
    "such bursts have come before.",
    "geographic anomaly": "an ordinary explanation is buying online or travel. Next, look at which transactions needed "
    "the card itself, and whether one person can have been there.",
}
_OTHER = "compare with the account's usual activity."


def explain(prompt: str) -> str:
    """A paragraph on the alert that the enrichment prompt describes; an empty text if it describes none."""
    lines = prompt.rpartition("\n\n")[2].splitlines()
    told = dict(line.split(": ", 1) for line in lines if ": " in line)
    if not {"Typology", "Severity", "From", "To", "Transactions", "Total"} <= told.keys():
        return ""
    evidence = [line.split(" ") for line in lines if re.match(r"E[0-9]+ ", line)]
    typology = told.pop("Typology")
    severity, start, end = told.pop("Severity"), told.pop("From"), told.pop("To")
    figures = "; ".join(f"{name[0].lower()}{name[1:]}: {_beside(value)}" for name, value in told.items())
    return (
        f"Between {start[:16]} and {end[:16]} UTC the account had {_plain(told['Transactions'])} transactions, "
        f"total {_plain(told['Total'])}{_kinds(evidence)}. "
        f"The rule for {typology} fired at severity {severity} on {figures}. "
        f"This is an indicator and no verdict; {_ORDINARY.get(typology, _OTHER)}"
    )


def _plain(value: str) -> str:
    return value.partition(";")[0]


def _beside(value: str) -> str:
    """A figure with what the rule asks for in parentheses."""
    return re.sub(r"; the rule asks for (.*)", r" (asked: \1)", value)


def _kinds(evidence: list[list[str]]) -> str:
    """What kinds of transactions there are, where, and by which numbers they are cited."""
    if not evidence:
        return ""
    kinds = sorted({fact[3] for fact in evidence})
    places = sorted({fact[-1] for fact in evidence})
    cited = evidence[0][0] if len(evidence) == 1 else f"{evidence[0][0]} to {evidence[-1][0]}"
    return f", of kind {_few(kinds)}, in {_few(places)} ({cited})"


def _few(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
