"""Whoever answers is judged by what the pipeline's SQL makes of the answers."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sentinel_cli.evaluation.alerts import PATH, LabelledSet, read_set
from sentinel_cli.evaluation.answers import CITED, SHOWN, Answers, Usage, ask, read_answers, to_json
from sentinel_cli.evaluation.chart import chart
from sentinel_cli.evaluation.figures import figures
from sentinel_cli.evaluation.report import report
from sentinel_cli.evaluation.screen import Request, run
from sentinel_cli.llm.call import LOCAL, Call
from sentinel_cli.local._run import Answers as Rows
from sentinel_cli.local._run import Managed
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline, load_pipeline
from sql.errors import InputError, UsageError
from tests.sentinel_cli.llm.stand_in import StandIn

PIPELINE = load_pipeline()
LOOSE = {"ai.never_dismiss_severity": "CRITICAL"}
LOOSER = load_pipeline(LOOSE)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def alerts() -> LabelledSet:
    whole = read_set(PIPELINE)
    return LabelledSet(whole.alerts[::12], "a part")


def saying(decision: str, rationale: str = "See E1.", **more: object) -> dict[str, Managed]:
    said = {"decision": decision, "priority": 4, "sar_recommended": False, "recommended_action": "Look.", **more}

    def agent(arguments: Sequence[tuple[str, ...]]) -> Rows:
        return [[("SUCCESS", json.dumps({**said, "rationale": rationale}))] for _ in arguments]

    return {**STAND_INS, "AI_RUN_AGENT": agent}


def asked(alerts: LabelledSet, managed: dict[str, Managed], runs: int = 1, pipeline: Pipeline = PIPELINE) -> Answers:
    *_, answers = ask(alerts, pipeline, managed, runs, Usage())
    return answers


def test_evidence_is_counted_as_the_guard_reads_it() -> None:
    guard = next(statement.sql for statement in PIPELINE.statements if "cited_evidence" in statement.sql)
    assert f"'{CITED.pattern}'" in guard
    assert f"'(?m){SHOWN.pattern}'" in guard


def test_the_local_triager_is_sound_stable_and_dismisses_nothing_suspicious(alerts: LabelledSet) -> None:
    found = figures(alerts.alerts, asked(alerts, STAND_INS, 3))
    assert found.sound.value == found.existing.value == found.stable.value == 1
    assert found.dismissed.count == 0
    assert found.existing.of > 0


@pytest.mark.parametrize("rationale", ["See E1.", ", ".join(f"E{number}" for number in range(1, 4))])
def test_the_guard_holds_every_suspicious_alert_of_the_set_whatever_the_agent(rationale: str) -> None:
    whole = read_set(PIPELINE)
    found = figures(whole.alerts, asked(whole, saying("DISMISS", rationale)))
    assert found.agent_dismissed.value == 1
    assert found.dismissed.count == 0


def test_who_dismisses_everything_is_found_out_where_the_guard_lets_it(alerts: LabelledSet) -> None:
    given = asked(alerts, saying("DISMISS"), 1, LOOSER)
    found = figures(alerts.alerts, given)
    let_through = [
        a for alert, a in zip(alerts.alerts, given.runs[0], strict=True) if alert.is_suspicious and not a.guard
    ]
    assert found.agent_dismissed.value == 1
    assert found.dismissed.count == len(let_through) > 0
    assert found.recall.count == 0


def test_evidence_that_does_not_exist_counts_against(alerts: LabelledSet) -> None:
    found = figures(alerts.alerts, asked(alerts, saying("REVIEW", "See E1, E998 and E999."))).existing
    # An alert whose facts are none shows no evidence.
    hidden = sum(alert.reason.endswith("an instruction as fact") for alert in alerts.alerts)
    assert (found.count, found.of) == (len(alerts.alerts) - hidden, 3 * len(alerts.alerts))


def test_an_answer_of_another_form_is_not_sound_and_decides_nothing(alerts: LabelledSet) -> None:
    found = figures(alerts.alerts, asked(alerts, saying("DISMISS", priority="high")))
    assert (found.sound.count, found.dismissed.count) == (0, 0)


def test_who_changes_its_mind_is_not_stable(alerts: LabelledSet) -> None:
    turns = iter(["ESCALATE", "REVIEW"])

    def agent(arguments: Sequence[tuple[str, ...]]) -> Rows:
        return saying(next(turns))["AI_RUN_AGENT"](arguments)

    found = figures(alerts.alerts, asked(alerts, {**STAND_INS, "AI_RUN_AGENT": agent}, 2))
    assert found.stable.count == 0


def test_a_dismissal_in_any_run_counts(alerts: LabelledSet) -> None:
    turns = iter(["REVIEW", "DISMISS"])

    def agent(arguments: Sequence[tuple[str, ...]]) -> Rows:
        return saying(next(turns))["AI_RUN_AGENT"](arguments)

    found = figures(alerts.alerts, asked(alerts, {**STAND_INS, "AI_RUN_AGENT": agent}, 2, LOOSER))
    assert found.agent_dismissed.value == 1
    assert found.dismissed.count > 0


def test_evidence_that_a_prompt_does_not_show_does_not_exist(alerts: LabelledSet) -> None:
    shown = [min(20, str(alert.alert["detail"]).count("; ") + 1) for alert in alerts.alerts]
    cited = ", ".join(f"E{number}" for number in range(51))
    given = asked(alerts, saying("REVIEW", cited))
    existing = [answer.existing for answer in given.runs[0]]
    assert max(existing) == 20
    assert sum(count < most for count, most in zip(existing, shown, strict=True)) < len(shown) / 10
    assert all(count <= most for count, most in zip(existing, shown, strict=True))


def test_calls_are_counted_and_so_are_those_of_unknown_cost(alerts: LabelledSet) -> None:
    usage = Usage()
    usage.take(call("openai", 500, 80, Decimal("0.0021")))
    usage.take(call("openai", None, None, None))
    usage.take(call(LOCAL, None, None, None))
    assert usage == Usage(500, 80, Decimal("0.0021"), uncounted=1, unpriced=1)
    (given,) = ask(alerts, PIPELINE, STAND_INS, 1, usage)
    text = report(alerts, [given])
    assert "| tokens in, out | 500, 80, and those of 1 calls, which are not known |" in text
    assert "| cost, US dollars | 0.0021, and those of 1 calls, which are not known |" in text


def call(provider: str, sent: int | None, got: int | None, cost: Decimal | None) -> Call:
    return Call("triage", "", "", provider, "m", {}, None, "SUCCESS", 1, sent, got, cost, 0)


def test_answers_come_back_as_they_were_written(alerts: LabelledSet, tmp_path: Path) -> None:
    given = asked(alerts, STAND_INS, 2)
    given.usage.cost = Decimal("0.12")
    path = tmp_path / "a.json"
    path.write_bytes(to_json(given))
    again = read_answers(path, alerts)
    assert (again.runs, again.usage, again.digest) == (given.runs, given.usage, given.digest)
    assert again.name == f"{given.name} (a.json)"


def test_two_are_shown_side_by_side_with_the_test(alerts: LabelledSet) -> None:
    first, second = asked(alerts, STAND_INS), asked(alerts, saying("ESCALATE"))
    text = report(alerts, [first, second])
    assert "McNemar's exact test" in text
    assert "| escalate recall | " in text
    assert "100.0%" in text.split("| escalate recall | ")[1].splitlines()[0]
    assert "McNemar" not in report(alerts, [first])


def test_the_bars_of_the_chart_are_of_one_length_and_as_long_as_the_shares(alerts: LabelledSet) -> None:
    given = asked(alerts, STAND_INS)
    bars = [e for e in ET.fromstring(chart(alerts.alerts, [given])).iter(f"{SVG}rect") if e.get("height") == "24"]
    lengths: dict[str, float] = {}
    for bar in bars:
        lengths[str(bar.get("y"))] = lengths.get(str(bar.get("y")), 0) + float(str(bar.get("width")))
    assert list(lengths.values()) == pytest.approx([560, 560], abs=0.2)
    recall = figures(alerts.alerts, given).recall.value
    assert float(str(bars[0].get("width"))) == pytest.approx(560 * (recall or 0), abs=0.1)


def test_the_command_writes_a_report_compares_and_fails_where_a_suspicious_alert_is_dismissed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(PATH.read_bytes().splitlines(keepends=True)[::40]))
    out, folder = tmp_path / "first.json", tmp_path / "deep/report"
    assert run(Request(few, 1, None, out, None))
    assert run(Request(few, 1, out, None, folder), saying("DISMISS"))
    assert "suspicious alerts were dismissed" not in capsys.readouterr().err
    assert not run(Request(few, 1, out, None, folder, LOOSE), saying("DISMISS"))
    said = capsys.readouterr()
    assert "suspicious alerts were dismissed" in said.err
    assert "ai.never_dismiss_severity CRITICAL" in said.out
    text = (folder / "report.md").read_text()
    assert text.startswith("# Evaluation of the triage\n\n![Decisions by label](decisions.svg)")
    assert text.partition("\n\n")[2].partition("\n\n")[2] in said.out
    assert "(first.json)" in text
    assert ET.parse(folder / "decisions.svg").getroot().tag == f"{SVG}svg"


def test_runs_that_are_done_are_kept_where_a_later_one_fails(few: Path, tmp_path: Path) -> None:
    turns, out = iter(["REVIEW", "ESCALATE"]), tmp_path / "out.json"

    def agent(arguments: Sequence[tuple[str, ...]]) -> Rows:
        decision = next(turns, None)
        if decision is None:
            raise KeyboardInterrupt
        return saying(decision)["AI_RUN_AGENT"](arguments)

    with pytest.raises(KeyboardInterrupt):
        run(Request(few, 3, None, out, None), {**STAND_INS, "AI_RUN_AGENT": agent})
    kept = read_answers(out, read_set(PIPELINE, few))
    assert [{answer.agent_decision for answer in each} for each in kept.runs] == [{"REVIEW"}, {"ESCALATE"}]


def never(_: Sequence[tuple[str, ...]]) -> Rows:
    raise AssertionError("the agent was asked")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    path = tmp_path / "few.jsonl"
    path.write_bytes(b"".join(PATH.read_bytes().splitlines(keepends=True)[::80]))
    return path


@pytest.mark.parametrize(
    ("out", "report", "says"),
    [
        ("no/a.json", None, "no/a.json cannot be written: No such file"),
        ("few.jsonl/a.json", None, "a.json cannot be written: Not a directory"),
        ("folder", None, "folder cannot be written: it is a folder"),
        (None, "few.jsonl", "few.jsonl cannot be made: File exists"),
        (None, "few.jsonl/report", "report cannot be made: Not a directory"),
        ("few.jsonl", None, "few.jsonl would be overwritten"),
        ("folder/../few.jsonl", None, "few.jsonl would be overwritten"),
        ("link.jsonl", None, "link.jsonl would be overwritten"),
        ("earlier.json", None, "earlier.json would be overwritten"),
        ("folder/report.md", "folder", "report.md would be overwritten"),
    ],
)
def test_what_cannot_be_written_is_said_before_anybody_is_asked(
    few: Path, tmp_path: Path, out: str | None, report: str | None, says: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.jsonl").symlink_to(few)
    earlier, was = tmp_path / "earlier.json", few.read_bytes()
    run(Request(few, 1, None, earlier, None))
    request = Request(few, 1, earlier, tmp_path / out if out else None, tmp_path / report if report else None)
    with pytest.raises((InputError, UsageError), match=says):
        run(request, {**STAND_INS, "AI_RUN_AGENT": never})
    assert few.read_bytes() == was
    assert earlier.read_bytes()


def test_the_answers_are_kept_where_the_report_fails(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("sentinel_cli.evaluation.screen.report", fail)
    with pytest.raises(ZeroDivisionError):
        run(Request(few, 1, None, tmp_path / "a.json", None))
    assert read_answers(tmp_path / "a.json", read_set(PIPELINE, few)).runs


def test_the_days_budget_counts_and_the_report_says_where_rules_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(PATH.read_bytes().splitlines(keepends=True)[::80]))
    count = len(few.read_bytes().splitlines())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENTINEL_LLM_BUDGET_FILE", str(tmp_path / "spent.sqlite"))
    monkeypatch.setenv("SENTINEL_LLM_BUDGET_CALLS", str(3 * count))
    monkeypatch.setenv("SENTINEL_LLM_MODEL", "stand-in")
    with StandIn() as endpoint:
        monkeypatch.setenv("SENTINEL_LLM_ENDPOINT", endpoint.url)
        run(Request(few, 2, None, None, None))
        assert len(endpoint.seen) == 3 * count
        assert "openai/stand-in, prompt" in (said := capsys.readouterr().out)
        assert "sentinel_triage_agent_local/budget, prompt" in said
        run(Request(few, 1, None, None, None))
        assert len(endpoint.seen) == 3 * count
        assert "openai/stand-in, prompt" not in capsys.readouterr().out


def test_answers_to_another_set_are_refused(alerts: LabelledSet, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(to_json(asked(alerts, STAND_INS)))
    with pytest.raises(InputError, match="another set"):
        read_answers(path, LabelledSet(alerts.alerts, "other"))
    with pytest.raises(InputError, match="another set"):
        read_answers(path, LabelledSet(alerts.alerts[:-1], alerts.digest))
    path.write_text("{}")
    with pytest.raises(InputError, match="is not what"):
        read_answers(path, alerts)
    with pytest.raises(InputError, match="cannot be read"):
        read_answers(tmp_path / "none.json", alerts)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("runs", 0, 1, "cited"), "x", "runs.0.1.cited: "),
        (("runs", 0, 1, "cited"), -1, "runs.0.1.cited: "),
        (("runs", 0, 1, "existing"), 10**400, "runs.0.1.existing: "),
        (("runs", 0, 1, "existing"), 99, "an answer cites fewer"),
        (("runs", 0, 1, "existing"), True, "runs.0.1.existing: "),
        (("runs", 0, 1, "decision"), [], "runs.0.1.decision: "),
        (("runs", 0, 1), None, "runs.0.1: "),
        (("runs",), {}, "runs: "),
        (("usage", "input_tokens"), "x", "usage.input_tokens: "),
        (("usage", "cost"), "NaN", "usage.cost: "),
        (("usage", "cost"), [], "usage.cost: "),
        (("name",), 5, "name: "),
        (("digest",), None, "digest: "),
    ],
)
def test_answers_of_wrong_types_are_refused_with_their_place(
    alerts: LabelledSet, tmp_path: Path, place: tuple[str | int, ...], value: object, says: str
) -> None:
    path = tmp_path / "a.json"
    found = json.loads(to_json(asked(alerts, STAND_INS)))
    where = found
    for name in place[:-1]:
        where = where[name]
    where[place[-1]] = value
    path.write_text(json.dumps(found))
    with pytest.raises(InputError, match=f"is not what `sentinel evaluate --out` writes: {says}"):
        read_answers(path, alerts)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"5", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_answers_at_all_is_one_sentence(alerts: LabelledSet, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(InputError, match=r"a\.json is not what"):
        read_answers(tmp_path / "a.json", alerts)


def test_a_set_without_an_alert_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").touch()
    with pytest.raises(InputError, match="holds no alert"):
        read_set(PIPELINE, tmp_path / "none.jsonl")
