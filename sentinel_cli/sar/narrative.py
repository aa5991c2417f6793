"""The narrative: who, what, when, where, why and how, in sentences made of the facts alone.

The order and the questions are those of FinCEN's guidance on preparing a complete and sufficient narrative
(November 2003) and of FFIEC BSA/AML Examination Manual, Appendix L (SAR Quality Guidance). No model writes here: the
same facts give the same text.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sentinel_cli.case_view import amount, plain
from sentinel_cli.kafka.reading import Row
from sentinel_cli.sar.case import Case, Transaction, figures
from sql import Rule

_WORDS = {
    "CASH_DEPOSIT": "cash deposit",
    "CASH_WITHDRAWAL": "cash withdrawal",
    "EFT": "electronic transfer",
    "WIRE": "wire transfer",
    "CARD": "card transaction",
    "CHECK": "check",
    "TRANSFER": "transfer",
}
_WAYS = {"IN": "into", "OUT": "out of"}


class Section(NamedTuple):
    """An answer to one of the six questions."""

    question: str
    text: str


def narrative(case: Case, rule: Rule | None) -> list[Section]:
    """The six answers; `rule` is the one that fired, None where the pipeline has it no longer."""
    return [
        Section("Who", _who(case)),
        Section("What", _what(case)),
        Section("When", _when(case)),
        Section("Where", _where(case)),
        Section("Why", _why(case, rule)),
        Section("How", _how(case)),
    ]


def _who(case: Case) -> str:
    others = list(dict.fromkeys(t.counterparty_id for t in case.transactions if t.counterparty_id))
    named = f" Counterparties, by the institution's own identifiers: {', '.join(map(plain, others))}." if others else ""
    return (
        f"The subject is the holder of account {plain(case.alert['account_id'])}, customer "
        f"{plain(case.alert['customer_id'])} by the institution's own identifiers. Name, address, identification and "
        f"occupation are not part of the alert and stand in the customer's record.{named}"
    )


def _what(case: Case) -> str:
    alert = case.alert
    groups: dict[tuple[str, str, str], list[Transaction]] = defaultdict(list)
    for transaction in case.transactions:
        groups[transaction.transaction_type, transaction.direction, transaction.currency].append(transaction)
    parts = "; ".join(_group(found) for found in groups.values())
    total = amount(alert["total_amount"], alert["currency"])
    of = "" if alert["total_amount"] is None else "of together "
    cut = "" if case.is_whole else f" The alert keeps {len(case.transactions)} of them, of which: "
    return f"{alert['transaction_count']} transactions {of}{'in ' if not of else ''}{total}.{cut or ' '}{parts}."


def _group(found: list[Transaction]) -> str:
    first, amounts = found[0], [t.amount for t in found]
    range_ = money(amounts[0], first.currency)
    if len(found) > 1:
        range_ = f"{money(min(amounts), first.currency)} to {money(max(amounts), first.currency)} each"
        range_ += f", together {money(sum(amounts, Decimal()), first.currency)}"
    return f"{len(found)} {kind(first)}{'s' if len(found) > 1 else ''} {way(first)} the account ({range_})"


def _when(case: Case) -> str:
    first, last = case.period
    found = moment(case.alert["detected_at"])
    if first == last:
        return f"At {moment(first)} UTC. The rule fired at {found} UTC."
    return f"Between {moment(first)} and {moment(last)} UTC. The rule fired at {found} UTC."


def _where(case: Case) -> str:
    countries = sorted({t.country for t in case.transactions})
    return (
        f"Country codes of the transactions (ISO 3166-1): {', '.join(map(plain, countries))}. "
        "Branches, terminals and IP addresses are not part of the alert."
    )


def _why(case: Case, rule: Rule | None) -> str:
    alert = case.alert
    named = f"The detection rule {plain(alert['rule_id'])}, version {plain(alert['rule_version'])}, fired"
    found = ", ".join(f"{plain(name).replace('_', ' ')} {plain(value)}" for name, value in figures(alert).items())
    return (
        f"{named} on the typology {plain(alert['typology'])}, severity {alert['severity']}. Its figures: "
        f"{found or 'none'}.{_thresholds(alert, rule)} A rule that fires is an indicator and no finding: what the "
        "institution knows, suspects or has reason to suspect, what the customer's expected activity is and what "
        "explanation was given is to be written here by the analyst."
    )


def _thresholds(alert: Row, rule: Rule | None) -> str:
    """The rule's parameters and what it refers to; only of the very version that fired."""
    if rule is None or rule.version != alert["rule_version"]:
        return ""
    set_ = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in rule.values.items())
    return f" The rule's parameters: {set_}. It refers to {rule.about.citation}."


def _how(case: Case) -> str:
    whole = "" if case.is_whole else " (not all; the institution's books have the rest)"
    return f"In order of time{whole}: {' '.join(_steps(case))}"


def _steps(case: Case) -> Iterator[str]:
    for number, t in enumerate(case.transactions, 1):
        other = f", counterparty {plain(t.counterparty_id)}" if t.counterparty_id else ""
        event = f", event {plain(t.event_id)}" if t.event_id else ""
        what = f"{kind(t)} of {money(t.amount, t.currency)} {way(t)} the account"
        yield f"(E{number}) {moment(t.time)} UTC, {what}, {plain(t.country)}{other}{event}."


def kind(transaction: Transaction) -> str:
    """What a transaction is called in a sentence."""
    return _WORDS.get(transaction.transaction_type, plain(transaction.transaction_type))


def way(transaction: Transaction) -> str:
    """Into or out of the account."""
    return _WAYS.get(transaction.direction, plain(transaction.direction))


def money(sum_: Decimal, currency: str) -> str:
    """An amount of one transaction, to the cent."""
    return f"{sum_:,.2f} {plain(currency)}"


def moment(time: datetime) -> str:
    """A time to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S}"
