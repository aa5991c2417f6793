"""Results are whole files, exact to the cent, and a reader who leaves early is no error."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from sentinel_cli.outputs import write_rejected, write_rows
from sql.errors import InputError

ALERT = {
    "alert_id": "a1",
    "detected_at": datetime(2025, 1, 1, 0, 0, 0, 123000, tzinfo=UTC),
    "total_amount": Decimal("9999999999999999.10"),
    "transaction_count": 5,
    "customer_id": None,
    "evidence": ["e1", "e2"],
    "detail": '{"below": 4}',
}


def test_json_lines_hold_epoch_milliseconds_and_exact_money(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    assert write_rows([ALERT, ALERT], str(path)) == 2
    line = path.read_text().splitlines()[0]
    assert '"total_amount":9999999999999999.10,' in line
    row = json.loads(line)
    assert row["detected_at"] == 1735689600123
    assert row["evidence"] == ["e1", "e2"]
    assert row["detail"] == '{"below": 4}'
    assert row["customer_id"] is None


def test_parquet_holds_the_same_values(tmp_path: Path) -> None:
    path = tmp_path / "alerts.parquet"
    assert write_rows([ALERT], str(path)) == 1
    with duckdb.connect() as connection:
        relation = connection.read_parquet(str(path))
        assert [str(type_) for type_ in relation.types] == [
            "VARCHAR",
            "BIGINT",
            "DECIMAL(18,2)",
            "BIGINT",
            "VARCHAR",
            "VARCHAR[]",
            "VARCHAR",
        ]
        expected = ("a1", 1735689600123, ALERT["total_amount"], 5, None, ["e1", "e2"], '{"below": 4}')
        assert relation.fetchall() == [expected]
    assert [file.name for file in tmp_path.iterdir()] == ["alerts.parquet"]


def test_parquet_without_rows_has_the_columns_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "alerts.parquet"
    assert write_rows([], str(path), columns={"alert_id": "VARCHAR"}) == 0
    with duckdb.connect() as connection:
        assert connection.read_parquet(str(path)).columns == ["alert_id"]
    with pytest.raises(InputError, match="needs columns"):
        write_rows([], str(path))


def failing() -> Iterator[dict[str, object]]:
    yield {"a": 1}
    raise ZeroDivisionError


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_run_that_fails_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"alerts.{suffix}"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError):
        write_rows(failing(), str(path))
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none/alerts.jsonl cannot be written: No such file or directory\."):
        write_rows([ALERT], str(tmp_path / "none" / "alerts.jsonl"))


def test_a_device_is_written_in_place() -> None:
    assert write_rows([ALERT], "/dev/null") == 1
    assert not Path("/dev/null").is_file()


def test_rejected_rows_stand_beside_the_output(tmp_path: Path) -> None:
    out = str(tmp_path / "alerts.jsonl")
    rejected = Path(f"{out}.rejected.jsonl")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE undecodable (source VARCHAR, line BIGINT, reason VARCHAR, original VARCHAR)")
        connection.execute("INSERT INTO undecodable SELECT 'in.jsonl', i + 1, 'not JSON', '{' FROM range(2500) t(i)")
        assert write_rejected(connection, out) == 2500
        lines = rejected.read_text().splitlines()
        assert json.loads(lines[2499]) == {"reason": "not JSON", "source": "in.jsonl", "line": 2500, "record": "{"}
        connection.execute("DELETE FROM undecodable")
        assert write_rejected(connection, out) == 0
    assert not rejected.exists()
