"""The XML is valid against FinCEN's own schema, whatever the alert holds, and says nothing that is not known."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.kafka.reading import RowContract
from sentinel_cli.sar import codes
from sentinel_cli.sar.amounts import whole_dollars
from sentinel_cli.sar.case import Case, Transaction, facts
from sentinel_cli.sar.filing import NOTE, Batch, batch
from sentinel_cli.sar.form import State
from sentinel_cli.sar.narrative import narrative
from sql import load_pipeline
from sql.errors import InputError
from sql.topics import ALERTS
from tests.alerts import alert
from tests.sentinel_cli.sar.schema import NAMES, PATH, errors, values

CONTRACT = RowContract(load_pipeline().table(ALERTS))
DAY = date(2026, 3, 1)


def case(**changes: object) -> Case:
    row = CONTRACT.row(alert(1, **changes))
    return Case(row, facts(row))


def draft(case: Case) -> Batch:
    return batch(case, narrative(case, None), DAY)


def detail(*facts: str) -> str:
    return '{"evidence":"' + "; ".join(facts) + '"}'


def test_a_draft_is_valid_and_marked_as_one() -> None:
    made = draft(case())
    assert errors(made.xml) == []
    assert values(made.xml, "FilingInstitutionNotetoFinCEN") == [NOTE]
    assert values(made.xml, "ActivityNarrativeText")[0].startswith(f"{NOTE}. WHO: ")
    assert b"31 U.S.C. 5318(g)(2)" in made.xml.split(b"<fc2:FormTypeCode>")[0]
    assert values(made.xml, "ActivityPartyTypeCode") == ["35", "37", "30", "8", "34", "33", "41"]
    assert values(made.xml, "AccountNumberText") == ["ACC-000001"]
    assert values(made.xml, "FilingDateText") == ["20260301"]


def test_the_schema_refuses_what_is_wrong() -> None:
    xml = draft(case()).xml
    assert errors(xml.replace(b">114<", b">115<"))
    assert errors(xml.replace(b'SeqNum="4"', b'SeqNum="5"'))
    assert errors(xml.replace(b">20250106<", b">2025-01-06<"))


def test_every_empty_and_every_unknown_place_is_listed() -> None:
    made = draft(case())
    root = ET.fromstring(made.xml)
    marks = [e for e in root.iter() if "UnknownIndicator" in e.tag or "UnknownGender" in e.tag]
    assert len(marks) == sum(gap.state is State.unknown for gap in made.gaps)
    empty = [e for e in root.iter() if not len(e) and not (e.text or "").strip()]
    addresses = len(root.findall(".//f:RawCityText", NAMES))
    absent = made.xml.count(b"<!-- to be filled: ")
    # An address is five elements and one gap; the reason for suspicion stands in no element of its own.
    listed = sum(gap.state is State.empty for gap in made.gaps) - 1
    childless = [e for e in empty if e.tag.endswith("ActivityAssociation")]
    assert len(empty) - len(childless) - 4 * addresses + absent == listed


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [("5265.25", 5266), ("5265.01", 5266), ("5265.00", 5265), ("0.01", 1), ("99999999999999.99", 100_000_000_000_000)],
)
def test_amounts_are_rounded_up_to_whole_dollars(amount: str, dollars: int) -> None:
    assert whole_dollars(Decimal(amount)) == dollars


def test_a_sum_is_rounded_once_and_is_the_batchs_total() -> None:
    made = draft(case(total_amount=42_780.5))
    assert values(made.xml, "TotalSuspiciousAmountText") == ["42781"]
    assert ET.fromstring(made.xml).attrib["TotalAmount"] == "42781"


@pytest.mark.parametrize("changes", [{"currency": "EUR"}, {"currency": None, "total_amount": None}])
def test_a_sum_that_is_not_known_in_dollars_is_marked_unknown(changes: dict[str, object]) -> None:
    made = draft(case(**changes))
    assert errors(made.xml) == []
    assert values(made.xml, "AmountUnknownIndicator") == ["Y"]
    assert values(made.xml, "TotalSuspiciousAmountText") == []


def test_a_sum_that_does_not_fit_the_form_is_left_to_be_filled() -> None:
    for total, held, of_batch in ((10**15 - 1, "999999999999999", "999999999999999"), (10**15 - 0.5, "", "0")):
        made = draft(case(total_amount=total))
        assert errors(made.xml) == []
        assert values(made.xml, "TotalSuspiciousAmountText") == [held]
        assert values(made.xml, "AmountUnknownIndicator") == []
        assert ET.fromstring(made.xml).attrib["TotalAmount"] == of_batch
        assert held or [gap.state for gap in made.gaps if "amount involved" in gap.field] == [State.empty]


@pytest.mark.parametrize("day", ["1899-12-31", "0001-01-01", "2100-01-01"])
def test_a_day_that_the_form_cannot_hold_is_refused(day: str) -> None:
    fact = f"{day} 08:34:54.296 CASH_DEPOSIT IN 9000.00 USD US"
    start = (datetime.fromisoformat(day) - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    for changes in (
        {"transaction_count": 1, "detail": detail(fact)},
        {"window_start": start, "window_end": start},
        {"window_start": start, "window_end": start + 1},
    ):
        with pytest.raises(InputError, match=f"is dated {day}, and the form holds dates of 1900 to 2099: correct"):
            draft(case(**changes))


@pytest.mark.parametrize("day", ["1900-01-01", "2099-12-31"])
def test_the_first_and_the_last_day_of_the_form_fit_it(day: str) -> None:
    fact = f"{day} 08:34:54.296 CASH_DEPOSIT IN 9000.00 USD US"
    assert errors(draft(case(transaction_count=1, detail=detail(fact))).xml) == []


def test_the_dates_are_those_of_the_transactions() -> None:
    days = [f"2025-01-0{day} 23:59:59.999 CASH_DEPOSIT IN 9000.00 USD US" for day in (5, 6, 7)]
    made = draft(case(transaction_count=3, detail=detail(*days)))
    assert values(made.xml, "SuspiciousActivityFromDateText") == ["20250105"]
    assert values(made.xml, "SuspiciousActivityToDateText") == ["20250107"]


def test_the_window_gives_the_dates_where_evidence_was_cut() -> None:
    midnight = 1_736_208_000_000  # 2025-01-07, the exclusive end of a window
    made = draft(case(window_start=midnight - 3_600_000, window_end=midnight))
    assert values(made.xml, "SuspiciousActivityFromDateText") == ["20250106"]
    assert values(made.xml, "SuspiciousActivityToDateText") == []


def test_every_code_and_its_text_are_the_schemas_own() -> None:
    suggested = [value for value in vars(codes).values() if isinstance(value, codes.Code)]
    xsd = {"x": "http://www.w3.org/2001/XMLSchema"}
    root = ET.parse(PATH).getroot()
    for name, chosen in (
        ("ValidateSuspiciousActivitySubtypeID", [c for c in suggested if c.code > 99]),
        ("ValidateAssetSubtypeIDTypeCode", [c for c in suggested if c.code < 99]),
    ):
        entries = root.findall(f".//x:simpleType[@name='{name}']//x:enumeration", xsd)
        texts = {e.attrib["value"]: e.findtext(".//x:documentation", namespaces=xsd) for e in entries}
        assert [c for c in chosen if texts[str(c.code)] != c.text] == []
        assert chosen


@pytest.mark.parametrize(
    ("typology", "fact", "expected"),
    [
        ("structuring", "CASH_DEPOSIT IN 9000.00 USD US", ["114"]),
        ("structuring", "EFT IN 9000.00 USD US", ["805"]),
        ("velocity", "TRANSFER OUT 9000.00 USD US", ["812"]),
        ("geographic anomaly", "CARD OUT 90.00 USD TH", ["910"]),
        ("something new", "CARD OUT 90.00 USD TH", ["9999"]),
    ],
)
def test_the_typology_suggests_a_classification(typology: str, fact: str, expected: list[str]) -> None:
    made = draft(case(typology=typology, detail=detail(f"2025-01-06 08:34:54.296 {fact}")))
    assert errors(made.xml) == []
    assert values(made.xml, "SuspiciousActivitySubtypeID") == expected
    assert values(made.xml, "OtherSuspiciousActivityTypeText") == ([typology] if expected == ["9999"] else [])


def test_the_instruments_are_those_of_the_transactions_each_once() -> None:
    time = datetime(2025, 1, 6)
    moves = [
        ("CASH_DEPOSIT", "USD"),
        ("CASH_WITHDRAWAL", "USD"),
        ("CASH_DEPOSIT", "EUR"),
        ("WIRE", "USD"),
        ("CARD", "USD"),
    ]
    found = codes.instruments([Transaction(time, type_, "IN", Decimal(1), currency, "US") for type_, currency in moves])
    assert found == [codes.CURRENCY, codes.FOREIGN_CURRENCY, codes.FUNDS_TRANSFER]


def test_an_account_id_that_does_not_fit_the_form_is_left_to_be_filled() -> None:
    for account_id in ("A" * 41, " A", "A\tB", "A\u200bB"):
        made = draft(case(account_id=account_id))
        assert errors(made.xml) == []
        assert values(made.xml, "AccountNumberText") == [""]


@given(
    ids=st.lists(st.text(min_size=1, max_size=64), min_size=50, max_size=50),
    account=st.text(min_size=1, max_size=64),
    typology=st.text(max_size=80),
    figure=st.text(max_size=30_000),
)
def test_whatever_stands_in_an_alert_the_draft_stays_valid(
    ids: list[str], account: str, typology: str, figure: str
) -> None:
    row = CONTRACT.row(alert(1)) | {
        "account_id": account,
        "customer_id": account,
        "typology": typology,
        "rule_id": figure,
    }
    moves = [Transaction(datetime(2025, 1, 6), "WIRE", "IN", Decimal(1), "USD", "US", id_, id_) for id_ in ids]
    made = draft(Case(row, moves))
    assert errors(made.xml) == []
    blocks = values(made.xml, "ActivityNarrativeText")
    assert [block.strip() for block in blocks] == blocks
