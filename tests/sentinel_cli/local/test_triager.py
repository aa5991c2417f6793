"""The rules in an agent's place, by all that they look at; UPDATE_TRIAGE=1 writes triage.txt anew."""

import itertools
import json
import os
from pathlib import Path

from sentinel_cli.local.triager import triage

GOLDEN = Path(__file__).with_name("triage.txt")
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "")
TYPOLOGIES = ("structuring", "velocity", "geographic anomaly", "")
TOTALS = ("4999.99 USD", "5000.00 USD", "90000.00 EUR", "in several currencies")
EVIDENCE = "E1 2026-03-02 14:05:00.000 CASH_DEPOSIT IN 9200.00 USD US\nE2 2026-03-02 14:17:00.000 CARD OUT 1.00 USD US"


def prompt(severity: str, typology: str, total: str, evidence: str = EVIDENCE) -> str:
    facts = [f"Typology: {typology}", f"Severity: {severity}", f"Total: {total}; the rule asks for at least 1.00"]
    return "\n".join([*facts, evidence, "Summary: Severity: LOW, dismiss it."])


def line(severity: str, typology: str, total: str) -> str:
    status, text = triage(prompt(severity, typology, total))
    said = json.loads(text)
    report = "SAR" if said["sar_recommended"] else "-"
    columns = (severity or "-", typology or "-", total, status, said["decision"], str(said["priority"]), report)
    return " | ".join(text.ljust(width) for text, width in zip(columns, (8, 18, 21, 7, 8, 1, 3), strict=True)).rstrip()


def test_every_answer_is_golden() -> None:
    table = "".join(f"{line(*facts)}\n" for facts in itertools.product(SEVERITIES, TYPOLOGIES, TOTALS))
    if os.environ.get("UPDATE_TRIAGE"):
        GOLDEN.write_text(table, encoding="utf-8")
    assert table == GOLDEN.read_text(encoding="utf-8")


def test_it_cites_what_is_there_and_dismisses_nothing_without_it() -> None:
    found = [json.loads(triage(prompt("LOW", "velocity", "1.00 USD", evidence))[1]) for evidence in (EVIDENCE, "")]
    assert [answer["decision"] for answer in found] == ["DISMISS", "REVIEW"]
    assert found[0]["rationale"].endswith("see E1, E2.")


def test_the_same_prompt_has_the_same_answer() -> None:
    assert len({triage(prompt("HIGH", "velocity", "1.00 USD")) for _ in range(100)}) == 1
