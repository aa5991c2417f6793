import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel_cli.flink.referee import Answers, ModuleFunction, Referee
from sentinel_cli.flink.tables import FlinkTable
from sql.errors import EngineError

COLUMNS = (
    ("text", "STRING"),
    ("money", "DECIMAL(18, 2)"),
    ("bytes", "BYTES"),
    ("items", "ARRAY<STRING>"),
    ("at", "TIMESTAMP_LTZ(3)"),
    ("number", "DOUBLE"),
    ("flag", "BOOLEAN"),
    ("count", "BIGINT"),
)
SOURCE, SINK = FlinkTable("sentinel.in", COLUMNS), FlinkTable("sentinel.out", COLUMNS)
COPY = "INSERT INTO `sentinel.out` SELECT * FROM `sentinel.in`"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": TEXT | st.none(),
            "money": st.decimals(-(10**15), 10**15, places=2).map(lambda d: f"{d + 0:f}") | st.none(),
            "bytes": TEXT | st.none(),
            "items": st.lists(TEXT | st.none(), max_size=3) | st.none(),
            "at": st.integers(0, 253402300799999) | st.none(),
            "number": st.floats(allow_nan=False, allow_infinity=False) | st.none(),
            "flag": st.booleans() | st.none(),
            "count": st.integers(-(2**63), 2**63 - 1) | st.none(),
        }
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_rows_pass_through_unchanged_and_in_order(flink: Referee, rows: list[dict[str, object]]) -> None:
    for row in rows:
        if row["money"] in ("-0.00",):
            row["money"] = "0.00"
    assert flink.run([SOURCE, SINK], [COPY], {"sentinel.in": rows}).rows == {"sentinel.out": rows}


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ("SELECT nope FROM `sentinel.in`", "Column 'nope' not found"),
        ("SELECT FROM FROM", "Incorrect syntax near the keyword 'FROM' at line 1, column 35.$"),
        ("SELECT * FROM nowhere", "'nowhere' not found"),
    ],
)
def test_a_refused_statement_is_an_error_with_the_reason_of_flink(flink: Referee, select: str, reason: str) -> None:
    with pytest.raises(EngineError, match=reason) as raised:
        flink.run([SOURCE, SINK], [f"INSERT INTO `sentinel.out` {select}"], {"sentinel.in": []})
    assert "\n" not in str(raised.value)


def test_a_job_that_fails_is_an_error_and_the_next_one_runs(flink: Referee) -> None:
    sink = FlinkTable("o", (("n", "INT"),))
    statement = "INSERT INTO o SELECT CAST(`text` AS INT) FROM `sentinel.in`"
    with pytest.raises(EngineError, match="For input string: 'x'"):
        flink.run([SOURCE, sink], [statement], {"sentinel.in": [{"text": "x"}]})
    assert flink.run([SOURCE, sink], [statement], {"sentinel.in": [{"text": "5"}]}).rows == {"o": [{"n": 5}]}


ASKED = FlinkTable("asked", (("id", "STRING"), ("prompt", "STRING")))
ANSWERED = FlinkTable("answered", (("id", "STRING"), ("status", "STRING"), ("response", "STRING")))
TRIAGE = (
    "INSERT INTO answered SELECT a.id, r.status, r.response FROM asked AS a "
    "LEFT JOIN LATERAL TABLE(AI_RUN_AGENT('agent', a.prompt, a.id)) AS r(status, response) ON TRUE"
)
ENRICH = (
    "INSERT INTO answered SELECT a.id, 'x', r.summary FROM asked AS a "
    "LEFT JOIN LATERAL TABLE(ML_PREDICT('model', a.prompt)) AS r(summary) ON TRUE"
)


def test_an_agent_answers_by_key_then_by_prompt_and_its_calls_are_kept(flink: Referee) -> None:
    answers = Answers({"a": [], "b": [["FAILED", None]], "hello": [["SUCCESS", "by prompt"]]}, [["SUCCESS", "default"]])
    rows = [
        {"id": "a", "prompt": "x"},
        {"id": "b", "prompt": "x"},
        {"id": "c", "prompt": "hello"},
        {"id": "d", "prompt": ""},
    ]
    outcome = flink.run([ASKED, ANSWERED], [TRIAGE], {"asked": rows}, {"AI_RUN_AGENT": answers})
    assert [tuple(row.values()) for row in outcome.rows["answered"]] == [
        ("a", None, None),
        ("b", "FAILED", None),
        ("c", "SUCCESS", "by prompt"),
        ("d", "SUCCESS", "default"),
    ]
    assert outcome.calls == [("AI_RUN_AGENT", ["agent", row["prompt"], row["id"]]) for row in rows]


def test_the_same_plan_takes_other_answers(flink: Referee) -> None:
    for text in ("one", "two"):
        outcome = flink.run(
            [ASKED, ANSWERED], [ENRICH], {"asked": [{"id": "a", "prompt": "p"}]}, {"ML_PREDICT": Answers({}, [[text]])}
        )
        assert outcome.rows["answered"] == [{"id": "a", "status": "x", "response": text}]


def test_functions_of_a_python_file(flink: Referee, tmp_path: Path) -> None:
    module = tmp_path / "stand_in.py"
    module.write_text(
        "from sql.errors import SentinelError\n"
        "def explain(prompt): return prompt.upper()\n"
        "def triage(prompt): return 'SUCCESS', prompt[::-1]\n",
        encoding="utf-8",
    )
    functions = {"ML_PREDICT": ModuleFunction(module, "explain"), "AI_RUN_AGENT": ModuleFunction(module, "triage")}
    rows = {"asked": [{"id": "a", "prompt": "abc"}]}
    assert flink.run([ASKED, ANSWERED], [ENRICH], rows, functions).rows["answered"][0]["response"] == "ABC"
    assert flink.run([ASKED, ANSWERED], [TRIAGE], rows, functions).rows["answered"][0]["response"] == "cba"


def test_a_failing_function_is_an_error_with_its_last_line(flink: Referee, tmp_path: Path) -> None:
    module = tmp_path / "failing.py"
    module.write_text("def explain(prompt): raise ValueError('no ' + prompt)\n", encoding="utf-8")
    with pytest.raises(EngineError, match=r"ValueError: no p$"):
        flink.run(
            [ASKED, ANSWERED],
            [ENRICH],
            {"asked": [{"id": "a", "prompt": "p"}]},
            {"ML_PREDICT": ModuleFunction(module, "explain")},
        )


COUNTS = FlinkTable(
    "counts", (("k", "STRING"), ("n", "BIGINT"), ("at", "TIMESTAMP_LTZ(3)")), ("at", "`at` - INTERVAL '10' SECOND")
)
JUDGED = FlinkTable("judged", (("k", "STRING"), ("at", "TIMESTAMP_LTZ(3)"), ("seen", "DOUBLE"), ("high", "BOOLEAN")))
DETECT = (
    "INSERT INTO judged SELECT k, a.`timestamp`, a.upper_bound, a.is_anomaly FROM (SELECT k, "
    "ML_DETECT_ANOMALIES(CAST(n AS DOUBLE), `at`, JSON_OBJECT('m' VALUE 3)) OVER "
    "(PARTITION BY k ORDER BY `at` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS a FROM counts)"
)


def test_anomalies_see_the_values_in_the_order_of_time(flink: Referee, tmp_path: Path) -> None:
    module = tmp_path / "detector.py"
    module.write_text(
        "import json\n"
        "def detect_last(values, options):\n"
        "    places = sum(value * 10 ** i for i, value in enumerate(reversed(values)))\n"
        "    high = None if len(values) < json.loads(options)['m'] else values[-1] > 2\n"
        "    return {'forecast_value': None, 'lower_bound': None, 'upper_bound': places,\n"
        "            'is_anomaly': high, 'rmse': None, 'aic': None}\n",
        encoding="utf-8",
    )
    times = [("A", 1, 1000), ("A", 3, 3000), ("B", 9, 2000), ("A", 2, 2000)]
    rows = [{"k": k, "n": n, "at": at} for k, n, at in times]
    detector = ModuleFunction(module, "detect_last")
    outcome = flink.run([COUNTS, JUDGED], [DETECT], {"counts": rows}, {"ML_DETECT_ANOMALIES": detector})
    assert sorted(tuple(row.values()) for row in outcome.rows["judged"]) == [
        ("A", 1000, 1.0, None),
        ("A", 2000, 12.0, None),
        ("A", 3000, 123.0, True),
        ("B", 2000, 9.0, None),
    ]


def test_a_file_with_epoch_times_is_read_in_its_order(flink: Referee, tmp_path: Path) -> None:
    file = tmp_path / "counts.jsonl"
    file.write_text("".join(f'{{"k": "A", "n": {n}, "at_ms": {1000 + n}}}\n' for n in range(5)), encoding="utf-8")
    sink = FlinkTable("o", (("n", "BIGINT"), ("at", "TIMESTAMP_LTZ(3)")))
    outcome = flink.run_files([COUNTS, sink], ["INSERT INTO o SELECT n, `at` FROM counts"], {"counts": file})
    assert outcome.rows["o"] == [{"n": n, "at": 1000 + n} for n in range(5)]
    assert outcome.seconds > 0


LIVES = """
import os, sys
from sentinel_cli.flink.referee import Referee
with Referee() as flink:
    print(os.getpgid(flink._worker._process.pid), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_its_referee(kill: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", LIVES], stdin=-1, stdout=-1, stderr=-3, text=True) as parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        os.kill(parent.pid, kill)
        parent.wait(timeout=60)
    for _ in range(100):
        if not _alive(group):
            return
        signal.sigtimedwait([], 0.1)
    raise AssertionError(f"process group {group} still runs")


def _alive(group: int) -> bool:
    states = subprocess.run(
        ["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return any(int(line.split()[0]) == group and not line.split()[1].startswith("Z") for line in states)


def test_a_run_beyond_its_time_is_an_error() -> None:
    with Referee(timeout=0.01) as flink, pytest.raises(EngineError, match="gave no answer in"):
        flink.run([SOURCE, SINK], [COPY], {"sentinel.in": []})


def test_a_missing_uv_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="uv, which was not found: install it"):
        Referee().__enter__()
