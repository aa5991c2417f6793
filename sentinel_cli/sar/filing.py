"""The draft as a batch of one FinCEN SAR, in the form of SARXBatchSchema.xsd, version 1.2 of 17 December 2021.

What only the institution knows stays empty, or carries the form's own mark for unknown; each such place is a gap.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET

from sentinel_cli.case_view import plain
from sentinel_cli.sar.amounts import amount_involved
from sentinel_cli.sar.case import Case
from sentinel_cli.sar.codes import OTHER, classifications, instruments
from sentinel_cli.sar.form import NAMESPACE, Form, Gap, State, tag
from sentinel_cli.sar.narrative import Section
from sentinel_cli.sar.parties import contact, filer, place, subject, transmitter, transmitter_contact
from sql.errors import InputError

_BLOCK, _NEAR = 4_000, 100
"""Characters of a block of narrative (RestrictString4000), and how many of them a blank is looked for in."""
_MOST = 5 * (_BLOCK - _NEAR)
"""Characters that surely fit the five blocks that there may be."""
_DIGITS = 15
"""Of an amount (RestrictString15)."""
_YEARS = range(1900, 2100)
"""Of a date (DateYYYYMMDDType)."""
_CUT = " [cut: the narrative is longer than the form]"
NOTE = "DRAFT - NOT REVIEWED - NOT FOR FILING"
CONFIDENTIAL = (
    "CONFIDENTIAL. A suspicious activity report, and any information that would reveal that one exists, may not be "
    "disclosed except as 31 U.S.C. 5318(g)(2) and 31 CFR 1020.320(e) allow. Nobody involved in the transaction may "
    "be told."
)


class Batch(NamedTuple):
    """The XML, and what it leaves open."""

    xml: bytes
    gaps: list[Gap]


def batch(case: Case, sections: Sequence[Section], day: date) -> Batch:
    """
    The draft of one SAR; `day` stands where the schema demands a date of filing.

    Raises:
        InputError: the activity is of a day that the form cannot hold, and it demands one.
    """
    ET.register_namespace("fc2", NAMESPACE)
    form, sum_ = Form(), amount_involved(case)
    counts = {"ActivityCount": "1", "PartyCount": "1", "ActivityAttachmentCount": "0", "AttachmentCount": "0"}
    root = ET.Element(tag("EFilingBatchXML"), {"TotalAmount": str(sum_ if _fits(sum_) else 0), **counts})
    root.append(ET.Comment(f" {NOTE}: a draft for a human, made from one alert. {CONFIDENTIAL} "))
    form.text(root, "FormTypeCode", "SARX")
    activity = form.group(root, "Activity")
    form.text(activity, "FilingDateText", _day(day))
    form.gap("Filing", "date of filing (holds the day of the draft, since the schema demands a date)", State.check)
    form.text(activity, "FilingInstitutionNotetoFinCEN", NOTE)
    form.gap("Filing", f'note to FinCEN (remove "{NOTE}")', State.check)
    kind = form.group(activity, "ActivityAssociation")
    form.absent(kind, "Filing", "type of filing: initial, correction, continuing or joint")
    for fill in (transmitter, transmitter_contact, filer, contact, place):
        fill(form, form.group(activity, "Party"))
    subject(form, form.group(activity, "Party"), case.alert["account_id"])
    _suspicion(form, form.group(activity, "SuspiciousActivity"), case)
    _instruments(form, activity, case)
    _narrative(form, activity, sections)
    ET.indent(root)
    return Batch(ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n", form.gaps)


def _suspicion(form: Form, activity: ET.Element, case: Case) -> None:
    part, sum_ = "Suspicious activity", amount_involved(case)
    first, last = _period(case)
    if sum_ is None:
        form.unknown(activity, "AmountUnknownIndicator", part, "amount involved, in dollars")
    form.text(activity, "SuspiciousActivityFromDateText", _day(first))
    if first.date() != last.date():
        form.text(activity, "SuspiciousActivityToDateText", _day(last))
    form.gap(part, "dates (they are days in UTC)", State.check)
    if _fits(sum_):
        form.text(activity, "TotalSuspiciousAmountText", sum_)
        form.gap(part, "amount involved (the sum that the rule counted)", State.check)
    elif sum_ is not None:
        form.empty(activity, "TotalSuspiciousAmountText", part, "amount involved (the rule's sum does not fit)")
    for found in classifications(case):
        classification = form.group(activity, "SuspiciousActivityClassification")
        if found == OTHER:
            form.text(classification, "OtherSuspiciousActivityTypeText", plain(case.alert["typology"]).strip()[:50])
        form.text(classification, "SuspiciousActivitySubtypeID", found.code)
        form.text(classification, "SuspiciousActivityTypeID", found.group)
    form.gap(part, "type of suspicious activity (suggested by the rule's typology)", State.check)


def _period(case: Case) -> tuple[datetime, datetime]:
    for time in case.period:
        if time.year not in _YEARS:
            raise InputError(
                f"The activity of alert {case.alert['alert_id']} is dated {time.date()}, and the form holds dates of "
                f"{_YEARS[0]} to {_YEARS[-1]}: correct the times in the alert or in its transactions."
            )
    return case.period


def _fits(sum_: int | None) -> bool:
    return sum_ is not None and len(str(sum_)) <= _DIGITS


def _instruments(form: Form, activity: ET.Element, case: Case) -> None:
    part = "Suspicious activity"
    for found in instruments(case.transactions):
        asset = form.group(activity, "Assets")
        form.text(asset, "AssetSubtypeID", found.code)
        form.text(asset, "AssetTypeID", found.group)
    form.gap(part, "products and instruments (suggested by the types of transactions)", State.check)


def _narrative(form: Form, activity: ET.Element, sections: Sequence[Section]) -> None:
    text = " ".join([f"{NOTE}.", *(f"{section.question.upper()}: {section.text}" for section in sections)])
    for number, block in enumerate(_blocks(text), 1):
        group = form.group(activity, "ActivityNarrativeInformation")
        form.text(group, "ActivityNarrativeSequenceNumber", number)
        form.text(group, "ActivityNarrativeText", block)
    form.gap("Narrative", "the reason for suspicion, and what the investigation found", State.empty)


def _blocks(text: str) -> Iterator[str]:
    """The text in blocks that end at a blank where one is near; what no block can take is cut, and says so."""
    rest = text if len(text) <= _MOST else text[: _MOST - len(_CUT)] + _CUT
    while rest:
        blank = rest.rfind(" ", _BLOCK - _NEAR, _BLOCK + 1) if len(rest) > _BLOCK else -1
        end = blank if blank > 0 else _BLOCK
        yield rest[:end].strip()
        rest = rest[end:].strip()


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"
