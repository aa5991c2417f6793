"""The codes of the SAR that a typology and its transactions suggest.

Numbers and texts are those of FinCEN's SARXBatchSchema.xsd, version 1.2 of 17 December 2021 (simple types
ValidateSuspiciousActivityTypeID, ValidateSuspiciousActivitySubtypeID, ValidateAssetTypeIDTypeCode and
ValidateAssetSubtypeIDTypeCode). Which of them a typology suggests is this project's choice, for a human to confirm.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sentinel_cli.sar.case import Case, Transaction

DOLLAR = "USD"
_CASH = {"CASH_DEPOSIT", "CASH_WITHDRAWAL"}
_TRANSFERS = {"EFT", "WIRE", "TRANSFER"}


class Code(NamedTuple):
    """A code within its group, and what the schema calls it."""

    group: int
    code: int
    text: str


BELOW_CTR = Code(1, 114, "Transaction(s) below CTR threshold")
SUSPICIOUS_TRANSFERS = Code(8, 805, "Suspicious EFT/wire transfers")
OUT_OF_PATTERN = Code(8, 812, "Transaction out of pattern for customer(s)")
MULTIPLE_LOCATIONS = Code(9, 910, "Suspicious use of multiple locations")
OTHER = Code(9, 9999, "Other")

CURRENCY = Code(6, 39, "U.S. Currency")
FOREIGN_CURRENCY = Code(6, 32, "Foreign currency")
FUNDS_TRANSFER = Code(6, 33, "Funds transfer")
CHECK = Code(6, 37, "Personal/Business check")


def classifications(case: Case) -> list[Code]:
    """What the activity would be ticked as; at least one, as the schema demands."""
    typology, types = case.alert["typology"], {t.transaction_type for t in case.transactions}
    found = []
    if typology == "structuring":
        found += [BELOW_CTR] if types & _CASH else []
        found += [SUSPICIOUS_TRANSFERS] if types & _TRANSFERS else []
    elif typology == "velocity":
        found = [OUT_OF_PATTERN]
    elif typology == "geographic anomaly":
        found = [MULTIPLE_LOCATIONS]
    return found or [OTHER]


def instruments(transactions: Sequence[Transaction]) -> list[Code]:
    """The instruments and payment mechanisms that the transactions show, each once."""
    return list(dict.fromkeys(_instruments(transactions)))


def _instruments(transactions: Sequence[Transaction]) -> Iterator[Code]:
    for transaction in transactions:
        if transaction.transaction_type in _CASH:
            yield CURRENCY if transaction.currency == DOLLAR else FOREIGN_CURRENCY
        elif transaction.transaction_type in _TRANSFERS:
            yield FUNDS_TRANSFER
        elif transaction.transaction_type == "CHECK":
            yield CHECK
