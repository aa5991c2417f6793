"""`sentinel status` in a process of its own, against a stand-in of the Flink API on loopback."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sentinel_cli.status.stand_in import ENVIRONMENT, KEY, ORGANIZATION, SECRET, FlinkApiStandIn

KINDS = {
    "transactions-raw-watermark": "watermark",
    "model": "model",
    "agent": "agent",
    "structuring": "insert",
    "velocity": "insert",
    "triage": "insert",
}
WELL: dict[str, str | list[str]] = {
    name: "RUNNING" if kind == "insert" else "COMPLETED" for name, kind in KINDS.items()
}


def outputs(endpoint: str, **changed: Any) -> dict[str, str]:
    return {
        "SENTINEL_FLINK_REST_ENDPOINT": endpoint,
        "SENTINEL_ORGANIZATION_ID": ORGANIZATION,
        "SENTINEL_ENVIRONMENT_ID": ENVIRONMENT,
        "SENTINEL_FLINK_API_KEY": KEY,
        "SENTINEL_FLINK_API_SECRET": SECRET,
        "SENTINEL_STATEMENTS": json.dumps(KINDS),
    } | changed


def status(
    *arguments: str, env: dict[str, str], cwd: Path, path: str = "/usr/bin:/bin"
) -> subprocess.CompletedProcess[str]:
    plain = {
        k: v for k, v in os.environ.items() if not k.startswith(("SENTINEL_", "PULUMI_")) and "_proxy" not in k.lower()
    }
    environment = plain | {"NO_COLOR": "1", "COLUMNS": "120", "PATH": path} | env
    command = [sys.executable, "-m", "sentinel_cli", "status", *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_all_is_well(tmp_path: Path) -> None:
    with FlinkApiStandIn(WELL) as api:
        done = status(env=outputs(api.endpoint), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 jobs and 3 other statements: all as they should be." in done.stdout
    assert sorted(path.rpartition("/")[2] for path in api.requests) == sorted(KINDS)


def test_what_is_wrong_comes_first_with_what_to_do(tmp_path: Path) -> None:
    phases = WELL | {"structuring": "FAILED", "velocity": "DEGRADED", "model": "FAILED"}
    detail = "Table sentinel.transactions_raw was dropped while the statement was running, and cannot be read any more"
    with FlinkApiStandIn(phases, {"structuring": detail}) as api:
        table = status(env=outputs(api.endpoint), cwd=tmp_path)
        lines = status("--json", env=outputs(api.endpoint), cwd=tmp_path)
    assert (table.returncode, lines.returncode) == (1, 1)
    assert [row["name"] for row in rows(lines)][:4] == ["structuring", "velocity", "model", "triage"]
    assert [row["ok"] for row in rows(lines)] == [False] * 3 + [True] * 3
    first = rows(lines)[0]
    assert (first["kind"], first["expected"], first["phase"], first["detail"]) == (
        "insert",
        "RUNNING",
        "FAILED",
        detail,
    )
    assert "pulumi up --replace" in first["advice"]
    assert "3 not as they should be" in table.stdout
    assert "velocity is DEGRADED. It restarts again and again" in table.stdout


def test_a_declaration_may_be_gone_and_a_job_may_not(tmp_path: Path) -> None:
    kept = {name: phase for name, phase in WELL.items() if name not in ("model", "agent")}
    with FlinkApiStandIn(kept) as api:
        assert status(env=outputs(api.endpoint), cwd=tmp_path).returncode == 0
        del api.phases["velocity"]
        done = status("--json", env=outputs(api.endpoint), cwd=tmp_path)
    assert done.returncode == 1
    assert (rows(done)[0]["name"], rows(done)[0]["phase"]) == ("velocity", "gone")


def test_a_stopped_stack_wants_its_jobs_stopped(tmp_path: Path) -> None:
    stopped = WELL | dict.fromkeys(("structuring", "velocity", "triage"), "STOPPED")
    with FlinkApiStandIn(stopped) as api:
        assert status(env=outputs(api.endpoint, SENTINEL_STOPPED="true"), cwd=tmp_path).returncode == 0
        assert status(env=outputs(api.endpoint), cwd=tmp_path).returncode == 1
    with FlinkApiStandIn(WELL) as api:
        done = status("--json", env=outputs(api.endpoint, SENTINEL_STOPPED="true"), cwd=tmp_path)
    assert done.returncode == 1
    assert "second `pulumi up`" in rows(done)[0]["advice"]


def test_wait_looks_again_until_all_is_well(tmp_path: Path) -> None:
    with FlinkApiStandIn(WELL | {"triage": ["PENDING", "RUNNING"]}) as api:
        done = status("--wait", "20", env=outputs(api.endpoint), cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == "waiting: triage is PENDING\n"


def test_wait_ends_at_once_where_waiting_cannot_help(tmp_path: Path) -> None:
    with FlinkApiStandIn(WELL | {"triage": "FAILED", "velocity": "PENDING"}) as api:
        done = status("--wait", "300", env=outputs(api.endpoint), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("failures", [[429, 429], [500], [503, "cut"], ["hang"]], ids=str)
def test_what_fails_for_a_moment_is_asked_again(failures: list[int | str], tmp_path: Path) -> None:
    with FlinkApiStandIn(WELL, failures=failures) as api:
        done = status("--timeout", "1", env=outputs(api.endpoint), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (401, "refuses the key (401)"),
        (403, "lacks FlinkDeveloper"),
        (404, f"knows no environment {ENVIRONMENT}"),
        (302, "answers 302"),
        (429, "it answers 429; tried 5 times"),
        (500, "it answers 500; tried 5 times"),
        ("hang", "no answer in time; tried 5 times"),
        ("cut", "disconnected"),
        ("garbage", "something that is no statement"),
        ("foreign", "something that is no statement"),
    ],
    ids=str,
)
def test_a_service_that_fails_is_one_sentence(failure: int | str, words: str, tmp_path: Path) -> None:
    with FlinkApiStandIn(WELL, lasting=failure) as api:
        done = status("--timeout", "0.2", env=outputs(api.endpoint), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert done.stderr.startswith(f"sentinel: {api.endpoint}")
    assert done.stderr.count("\n") == 1


def test_a_wrong_secret_is_refused_and_not_shown(tmp_path: Path) -> None:
    with FlinkApiStandIn(WELL) as api:
        done = status(env=outputs(api.endpoint, SENTINEL_FLINK_API_SECRET="other-made-up"), cwd=tmp_path)
    assert done.returncode == 1
    assert "refuses the key (401)" in done.stderr
    assert "other-made-up" not in done.stderr


def test_a_stack_without_statements_is_not_well(tmp_path: Path) -> None:
    done = status(env=outputs("http://127.0.0.1:9", SENTINEL_STATEMENTS="{}"), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "names no statement" in done.stderr


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = status(env=outputs(endpoint), cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"sentinel: {endpoint} does not answer: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("endpoint", ["flink.example", "ftp://flink.example", "https://", "https://xn--a"])
def test_an_endpoint_that_is_no_url(endpoint: str, tmp_path: Path) -> None:
    done = status(env=outputs(endpoint), cwd=tmp_path)
    assert done.returncode == 1
    assert "which is no URL" in done.stderr


def test_the_key_goes_to_no_other_machine_in_clear(tmp_path: Path) -> None:
    done = status(env=outputs("http://flink.example"), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "it must begin with https://" in done.stderr


def test_a_host_that_no_name_can_be(tmp_path: Path) -> None:
    endpoint = f"https://{'a' * 64}.example"
    done = status(env=outputs(endpoint), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"sentinel: {endpoint} cannot be read: is flinkRestEndpoint right?\n"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", f"ftp://u:{SECRET}@127.0.0.1"),
        ("ALL_PROXY", f"socks5://u:{SECRET}@127.0.0.1:1"),
        ("https_proxy", f"http://u:{SECRET}@127.0.0.1:99999"),
        ("SSL_CERT_FILE", "no-such-file.pem"),
    ],
)
def test_a_proxy_or_certificate_that_cannot_be_used_is_named(variable: str, value: str, tmp_path: Path) -> None:
    done = status(env=outputs("https://flink.example", **{variable: value}), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"sentinel: {variable} ")
