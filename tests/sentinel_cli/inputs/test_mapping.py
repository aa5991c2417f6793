"""A foreign layout is mapped by SQL, and a mapping that is wrong says where."""

from pathlib import Path

import duckdb
import pytest

from sentinel_cli.inputs import InputReport, Mapping, load_transactions, read_mapping
from sql.errors import InputError

ROOT = Path(__file__).parents[3]
AMLBENCH = ROOT / "tests" / "data" / "amlbench"
COLUMNS = {
    "event_id": "'E' || id",
    "account_id": "iban",
    "customer_id": "iban",
    "amount": "abs(TRY_CAST(value AS DECIMAL(18, 2)))",
    "currency": "'EUR'",
    "transaction_type": "'WIRE'",
    "direction": "IF(value LIKE '-%', 'OUT', 'IN')",
    "country": "left(iban, 2)",
    "event_time": "day",
}
JSON = """{"id": 1, "iban": "NL1", "value": "10.50", "day": "2025-01-01"}
{"id": 2, "iban": "NL1", "value": "-3", "day": "2025-01-02T10:00:00+01:00", "note": {"a": 1}}
{"id": 3, "iban": "NL2", "value": "no", "day": "2025-01-03"}
{"id": 4, "iban": "FEE", "value": "1", "day": "2025-01-03"}

{"id": 5,
"""
CSV = """id,iban,value,day
1,NL1,10.50,2025-01-01
2,NL1,-3,2025-01-02T10:00:00+01:00
3,NL2,no,2025-01-03
4,FEE,1,2025-01-03
5,"
"""


def mapping(where: str | None = None, **columns: str) -> Mapping:
    return Mapping(name="map.toml", columns=COLUMNS | columns, where=where)


def load(connection: duckdb.DuckDBPyConnection, path: Path, content: str, how: Mapping) -> InputReport:
    path.write_text(content)
    return load_transactions(connection, [str(path)], mapping=how)


@pytest.mark.parametrize(("name", "content", "lines"), [("in.jsonl", JSON, (3, 6)), ("in.csv", CSV, (4, 6))])
def test_a_mapping_reads_a_foreign_layout(tmp_path: Path, name: str, content: str, lines: tuple[int, int]) -> None:
    with duckdb.connect() as connection:
        report = load(connection, tmp_path / name, content, mapping("iban <> 'FEE'"))
        assert (report.rows_read, report.arrived, report.undecodable, report.filtered) == (5, 2, 2, 1)
        rows = connection.execute(
            "SELECT event_id, account_id, amount, direction, country, event_time::VARCHAR FROM arrived_transactions"
        ).fetchall()
        assert rows == [
            ("E1", "NL1", 10.5, "IN", "NL", "2025-01-01 00:00:00"),
            ("E2", "NL1", 3.0, "OUT", "NL", "2025-01-02 09:00:00"),
        ]
        undecodable = connection.execute("SELECT line, reason FROM undecodable ORDER BY line").fetchall()
        assert [line for line, _ in undecodable] == list(lines)
        assert undecodable[0][1] == "amount is missing"
        assert str(undecodable[1][1]).startswith("not ")


def test_a_mapping_applies_to_parquet_and_may_number_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'NL' || i AS iban, i * 1.5 AS value, TIMESTAMPTZ '2025-01-01 00:00:00Z' AS day "
            f"FROM range(3) t(i)) TO '{path}'"
        )
        how = mapping(event_id="'E' || row_number() OVER ()", amount="value", direction="'IN'")
        how.columns["$rowtime"] = "day"
        load_transactions(connection, [str(path)], mapping=how)
        rows = connection.execute('SELECT event_id, amount, "$rowtime"::VARCHAR FROM arrived_transactions').fetchall()
    assert rows == [(f"E{n + 1}", n * 1.5, "2025-01-01 00:00:00") for n in range(3)]


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (mapping(amount="valeu"), r"map.toml: the SQL of amount does not work on .*in.csv: Binder Error: .*valeu"),
        (mapping(amount="value) FROM x --"), "map.toml: the SQL of amount does not work on .*in.csv: Parser Error"),
        (mapping(amount="count(*)"), r"map.toml: the SQL of its columns together does not work on .*in.csv: Binder"),
        (mapping(amount="CAST(value AS DOUBLE)"), "map.toml: the SQL of amount does not work on .*in.csv: Conversion"),
        (mapping(account_id="length(iban)"), "in.csv: account_id is BIGINT, not text: say how to read it"),
        (mapping(where="nothing = 1"), "map.toml: the SQL of where does not work on .*in.csv: Binder Error"),
        (mapping(where="CAST(value AS DOUBLE) > 1"), "map.toml: the SQL of where does not work on .*: Conversion"),
        (mapping(where="iban"), "map.toml: where is VARCHAR, not a condition"),
    ],
)
def test_sql_that_does_not_work_is_named_with_its_column_and_file(tmp_path: Path, how: Mapping, sentence: str) -> None:
    with duckdb.connect() as connection, pytest.raises(InputError, match=sentence) as error:
        load(connection, tmp_path / "in.csv", CSV.replace('5,"\n', ""), how)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("columns = [", "map.toml is no TOML file: "),
        ("[columns]\namount = 5", "map.toml: columns.amount: Input should be a valid string"),
        ("[columns]\namuont = 'x'", r"map.toml: \[columns\] names amuont, which no transaction has; known: event_id"),
        ("[columns]\namount = 'x'", r"map.toml: \[columns\] lacks event_id, account_id"),
        ("[colums]\namount = 'x'", "map.toml: unknown key colums"),
        ("where = 'x'", "map.toml: columns: Field required"),
    ],
)
def test_a_mapping_file_that_is_wrong_says_where(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_mapping(path)


def test_a_mapping_file_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"map.toml cannot be read: No such file or directory\."):
        read_mapping(tmp_path / "map.toml")


STRUCTURING_MULTIDAY = """
    SELECT DISTINCT account_id FROM (
        SELECT account_id, count(*) OVER (
            PARTITION BY account_id, transaction_type ORDER BY event_time
            RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW) AS transactions
        FROM arrived_transactions
        WHERE transaction_type IN ('CASH_DEPOSIT', 'CASH_WITHDRAWAL') AND amount::DECIMAL(18, 2) BETWEEN 8000 AND 10000)
    WHERE transactions >= 3 ORDER BY account_id"""


def test_amlbench_is_read_and_its_26_structuring_accounts_are_found() -> None:
    with duckdb.connect() as connection:
        transactions = str(AMLBENCH / "population_seed11_transactions.csv.gz")
        how = read_mapping(ROOT / "docs" / "examples" / "amlbench.toml")
        report = load_transactions(connection, [transactions], mapping=how)
        assert (report.rows_read, report.arrived) == (10_758, 10_758)
        labels = connection.read_csv(str(AMLBENCH / "population_seed11_labels.csv.gz"))
        fires = labels.filter("structuring_fires = 1").select("focal_account").order("focal_account").fetchall()
        assert len(fires) == 26
        assert connection.execute(STRUCTURING_MULTIDAY).fetchall() == fires
