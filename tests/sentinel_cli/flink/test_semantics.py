"""What Flink does with time, measured: the embedded engine must do the same."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentinel_cli.flink.referee import Answers, Referee
from sentinel_cli.flink.tables import FlinkTable
from sql.errors import EngineError

SECOND = 1000
MINUTE = 60 * SECOND
START = 1_699_999_200_000
"""2023-11-14T22:00Z, a full hour."""
DELAY = "event_time - INTERVAL '0 00:00:10' DAY TO SECOND"
WINDOW = 10 * MINUTE
Event = tuple[str, int]
"""Key, and milliseconds after START."""


def events(watermark: str = DELAY) -> FlinkTable:
    columns = (("id", "INT"), ("k", "STRING"), ("event_time", "TIMESTAMP_LTZ(3)"), ("$rowtime", "TIMESTAMP_LTZ(3)"))
    return FlinkTable("t", columns, ("event_time", watermark))


def rows(stream: list[Event]) -> list[dict[str, Any]]:
    return [{"id": i, "k": k, "event_time": START + at, "$rowtime": START + at} for i, (k, at) in enumerate(stream)]


def watermarks(flink: Referee, stream: list[Event], expression: str = DELAY) -> list[int | None]:
    """The watermark that each row met, in milliseconds after START."""
    sink = FlinkTable("o", (("id", "INT"), ("at", "TIMESTAMP_LTZ(3)")))
    statement = "INSERT INTO o SELECT id, CURRENT_WATERMARK(event_time) FROM t"
    found = flink.run([events(expression), sink], [statement], {"t": rows(stream)}).rows["o"]
    return [None if row["at"] is None else row["at"] - START for row in found]


def test_the_watermark_of_a_row_is_the_largest_time_before_it_less_the_delay(flink: Referee) -> None:
    seconds = [0, 0, 5, 3, 5, 100, 50, 100]
    expected = [None, -10, -10, -5, -5, -5, 90, 90]
    found = watermarks(flink, [("A", second * SECOND) for second in seconds])
    assert found == [None if second is None else second * SECOND for second in expected]


@pytest.mark.parametrize(
    "ahead",
    [
        "CAST(NULL AS INTERVAL DAY TO SECOND)",
        "CASE WHEN FALSE THEN INTERVAL '1 00:00:00' DAY TO SECOND END",
        "INTERVAL '99 00:00:00' DAY TO SECOND",
    ],
)
def test_a_null_interval_switches_the_guard_of_the_watermark_off(flink: Referee, ahead: str) -> None:
    guarded = f"CASE WHEN event_time > `$rowtime` + {ahead} THEN `$rowtime` - {ahead} ELSE {DELAY} END"
    assert watermarks(flink, [("A", 0), ("A", 20 * SECOND), ("A", 15 * SECOND)], guarded) == [None, -10000, 10000]


def test_a_row_far_ahead_of_its_arrival_holds_the_watermark_back(flink: Referee) -> None:
    day = "INTERVAL '1 00:00:00' DAY TO SECOND"
    guarded = f"CASE WHEN event_time > `$rowtime` + {day} THEN `$rowtime` - {day} ELSE {DELAY} END"
    sink = FlinkTable("o", (("id", "INT"), ("at", "TIMESTAMP_LTZ(3)")))
    stream = rows([("A", 0), ("A", 10**12), ("A", 20 * SECOND), ("A", 30 * SECOND)])
    stream[1]["$rowtime"] = START
    statement = "INSERT INTO o SELECT id, CURRENT_WATERMARK(event_time) FROM t"
    found = flink.run([events(guarded), sink], [statement], {"t": stream}).rows["o"]
    assert [row["at"] and row["at"] - START for row in found] == [None, -10000, -10000, 10000]


def test_an_interval_holds_two_digits_of_days(flink: Referee) -> None:
    with pytest.raises(EngineError, match="DAY_INTERVAL_TYPES precision is not supported: 5"):
        watermarks(flink, [("A", 0)], "event_time - INTERVAL '36500 00:00:00' DAY(5) TO SECOND")


def test_a_row_without_a_time_ends_the_job(flink: Referee) -> None:
    with pytest.raises(EngineError, match="RowTime field should not be null"):
        flink.run(
            [events(), FlinkTable("o", (("id", "INT"),))],
            ["INSERT INTO o SELECT id FROM t"],
            {"t": [{"id": 1, "k": "A", "event_time": None}]},
        )


def test_a_tumbling_window_drops_a_row_once_the_watermark_reaches_its_last_millisecond(flink: Referee) -> None:
    def counted(watermark_at: int) -> int:
        sink = FlinkTable("o", (("n", "BIGINT"), ("ends", "TIMESTAMP(3)")))
        statement = (
            "INSERT INTO o SELECT COUNT(*), window_end FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(event_time), "
            "INTERVAL '10' MINUTE)) WHERE k = 'A' GROUP BY window_start, window_end"
        )
        stream = [("A", 0), ("B", watermark_at + 10 * SECOND), ("A", 1)]
        (row,) = flink.run([events(), sink], [statement], {"t": rows(stream)}).rows["o"]
        assert row["ends"] == START + WINDOW
        return int(row["n"])

    assert [counted(WINDOW + late) for late in (-3, -2, -1, 0)] == [2, 2, 1, 1]


# --- OVER (... RANGE BETWEEN p PRECEDING AND CURRENT ROW) ----------------------------------------------------------


def rolling(flink: Referee, stream: list[Event]) -> dict[int, list[int]]:
    """The frame of each row that OVER accepts, as ids, by id."""
    sink = FlinkTable("o", (("id", "INT"), ("frame", "ARRAY<INT>")))
    statement = (
        "INSERT INTO o SELECT id, ARRAY_AGG(id) OVER (PARTITION BY k ORDER BY event_time "
        "RANGE BETWEEN INTERVAL '0 00:10:00' DAY TO SECOND PRECEDING AND CURRENT ROW) FROM t"
    )
    found = flink.run([events(), sink], [statement], {"t": rows(stream)}).rows["o"]
    return {row["id"]: sorted(row["frame"]) for row in found}


class RollingModel:
    """
    The frames that OVER RANGE gives, with its two kinds of timers.

        timers of a key     each row's own time, and the clean-up times: row + 1.5 windows + 1 ms
        a timer fires       as the watermark passes it, in the order of time: one in the past at the next advance
        a row is dropped    if its time is not after the last timer of its key that fired, superseded or not
        the last clean-up   forgets the key: rows, and the time of the last timer

    A clean-up is replaced by a later one by a row within half a window less than it, but its timer stays.
    """

    def __init__(self) -> None:
        self.watermark: int | None = None
        self.rows: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.timers: set[tuple[int, str]] = set()
        self.clean_up: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.frames: dict[int, list[int]] = {}

    def add(self, i: int, k: str, at: int) -> None:
        if at > self.last.get(k, -(2**63)):
            self.rows[k].append((at, i))
            self.timers.add((at, k))
            if self.clean_up.get(k, -(2**63)) < at + WINDOW + 1:
                self.clean_up[k] = at + WINDOW * 3 // 2 + 1
                self.timers.add((self.clean_up[k], k))
        if self.watermark is None or at - 10 * SECOND > self.watermark:
            self.advance(at - 10 * SECOND)

    def advance(self, watermark: int) -> None:
        self.watermark = watermark
        due = sorted(timer for timer in self.timers if timer[0] <= watermark)
        self.timers -= set(due)
        for at, k in due:
            self.fire(at, k)

    def fire(self, at: int, k: str) -> None:
        if self.clean_up.get(k) == at:
            del self.clean_up[k]
            self.rows.pop(k, None)
            self.last.pop(k, None)
            return
        frame = sorted(i for time, i in self.rows[k] if at - WINDOW <= time <= at)
        self.frames |= {i: frame for time, i in self.rows[k] if time == at}
        self.last[k] = at


def modelled(stream: list[Event]) -> dict[int, list[int]]:
    model = RollingModel()
    for i, (k, at) in enumerate(stream):
        model.add(i, k, at)
    model.advance(2**62)
    return model.frames


def test_over_accepts_a_row_behind_the_watermark_that_is_after_the_last_of_its_key(flink: Referee) -> None:
    stream = [("A", 0), ("B", 14 * MINUTE), ("A", 5 * MINUTE), ("A", 0), ("A", -5 * MINUTE), ("B", 15 * MINUTE)]
    assert rolling(flink, stream) == {0: [0], 1: [1], 2: [0, 2], 5: [1, 5]} == modelled(stream)


def test_over_forgets_a_key_one_and_a_half_windows_after_and_accepts_any_row_again(flink: Referee) -> None:
    for late, accepted in ((0, False), (1, True)):
        stream = [("A", 0), ("B", 15 * MINUTE + 10 * SECOND + late), ("A", -5 * MINUTE)]
        assert (2 in rolling(flink, stream)) is accepted
        assert rolling(flink, stream) == modelled(stream)


def test_over_drops_a_row_between_the_last_of_its_key_and_a_superseded_clean_up(flink: Referee) -> None:
    for late, accepted in ((0, True), (1, False)):
        passed = 15 * MINUTE + 10 * SECOND + late
        stream = [("A", 0), ("A", 8 * MINUTE), ("B", passed), ("A", 9 * MINUTE)]
        assert (3 in rolling(flink, stream)) is accepted
        assert rolling(flink, stream) == modelled(stream)


TIMES = st.one_of(
    st.integers(-20, 60).map(lambda minutes: minutes * MINUTE),
    st.tuples(st.integers(-20, 60), st.sampled_from([-1, 0, 1, 10 * SECOND, 10 * SECOND + 1])).map(
        lambda time: time[0] * MINUTE + time[1]
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("AB"), TIMES), min_size=1, max_size=30))
def test_the_model_of_over_gives_the_frames_of_flink(flink: Referee, stream: list[Event]) -> None:
    assert rolling(flink, stream) == modelled(stream)


# --- aggregates in OVER, and the first of each id ------------------------------------------------------------------


def test_aggregates_in_over(flink: Referee) -> None:
    columns = (("k", "STRING"), ("s", "STRING"), ("event_time", "TIMESTAMP_LTZ(3)"))
    names = ("n", "n_s", "n_distinct", "n_filter", "low", "high", "all_s")
    types = ("BIGINT", "BIGINT", "BIGINT", "BIGINT", "STRING", "STRING", "ARRAY<STRING>")
    statement = (
        "INSERT INTO o SELECT COUNT(*) OVER w, COUNT(s) OVER w, COUNT(DISTINCT s) OVER w, "
        "COUNT(CASE WHEN s = 'b' THEN 1 END) OVER w, MIN(s) OVER w, MAX(s) OVER w, ARRAY_AGG(s) OVER w FROM t "
        "WINDOW w AS (PARTITION BY k ORDER BY event_time RANGE BETWEEN INTERVAL '10' MINUTE PRECEDING AND CURRENT ROW)"
    )
    source = FlinkTable("t", columns, ("event_time", DELAY))
    values = [("b", 0), (None, 1), ("a", 1), ("b", 600), ("B", 601)]
    stream = [{"k": "A", "s": s, "event_time": START + second * SECOND} for s, second in values]
    found = flink.run([source, FlinkTable("o", tuple(zip(names, types, strict=True)))], [statement], {"t": stream})
    assert [tuple(row.values()) for row in found.rows["o"]] == [
        (1, 1, 1, 1, "b", "b", ["b"]),
        (3, 2, 2, 1, "a", "b", ["b", None, "a"]),
        (3, 2, 2, 1, "a", "b", ["b", None, "a"]),
        (4, 3, 2, 2, "a", "b", ["b", None, "a", "b"]),
        (4, 3, 3, 1, "B", "b", [None, "a", "b", "B"]),
    ]


def test_count_filter_is_refused_in_over(flink: Referee) -> None:
    statement = (
        "INSERT INTO o SELECT COUNT(*) FILTER (WHERE id > 0) OVER (PARTITION BY k ORDER BY event_time "
        "RANGE BETWEEN INTERVAL '10' MINUTE PRECEDING AND CURRENT ROW) FROM t"
    )
    with pytest.raises(EngineError):
        flink.run([events(), FlinkTable("o", (("n", "BIGINT"),))], [statement], {"t": []})


def test_the_first_of_each_id_by_arrival_is_kept(flink: Referee) -> None:
    source = FlinkTable("a", (("id", "STRING"), ("content", "INT")))
    sink = FlinkTable("o", (("id", "STRING"), ("content", "INT")))
    statement = (
        "INSERT INTO o WITH first_seen AS (SELECT id, content FROM (SELECT *, ROW_NUMBER() OVER "
        "(PARTITION BY id ORDER BY id ASC) AS n FROM a) WHERE n = 1) "
        "SELECT f.id, f.content FROM TABLE(TO_CHANGELOG(TABLE first_seen)) AS f "
        "LEFT JOIN LATERAL TABLE(ML_PREDICT('m', f.id)) AS r(x) ON TRUE WHERE op = 'INSERT'"
    )
    stream = [{"id": id_, "content": i} for i, id_ in enumerate(["x", "y", "x", "z", "y", "x", "z"])]
    outcome = flink.run([source, sink], [statement], {"a": stream}, {"ML_PREDICT": Answers({}, [["seen"]])})
    assert [tuple(row.values()) for row in outcome.rows["o"]] == [("x", 0), ("y", 1), ("z", 3)]
    assert len(outcome.calls) == 3
