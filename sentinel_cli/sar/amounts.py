"""Amounts as FinCEN wants them."""

from decimal import ROUND_CEILING, Decimal

from sentinel_cli.sar.case import Case
from sentinel_cli.sar.codes import DOLLAR


def whole_dollars(amount: Decimal) -> int:
    """
    Dollars rounded up to the next whole dollar: 5,265.25 is 5,266.

    The filing instructions of the FinCEN SAR (XML Schema 2.0 User Guide, general instructions, monetary amounts).
    """
    return int(amount.to_integral_value(ROUND_CEILING))


def amount_involved(case: Case) -> int | None:
    """The sum, rounded once and not part by part; None where it is not known in dollars."""
    total = case.alert["total_amount"]
    return None if total is None or case.alert["currency"] != DOLLAR else whole_dollars(total)
