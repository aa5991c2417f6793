"""`sentinel broker up` and `down`: one command to a broker and a registry that answer, and one that leaves nothing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from confluent_kafka.admin import AdminClient

from sentinel_cli.broker.local import LocalBroker
from sql import load_pipeline
from tests.integration.kafka.conftest import require_parts
from tests.integration.kafka.log import read, write
from tests.integration.kafka.topics import connection

ALERTS = "sentinel.aml_alerts"
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _parts() -> None:
    require_parts()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    if (tmp_path / "state" / "places.json").is_file():
        LocalBroker(tmp_path / "state").delete()


def sentinel(*arguments: str, path: str | None = None, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    changed = {"PATH": path} if path is not None else {}
    changed |= {"XDG_CACHE_HOME": str(cache)} if cache else {}
    command = [sys.executable, "-m", "sentinel_cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=os.environ | changed)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def processes(folder: Path) -> list[psutil.Process]:
    """What runs in a folder."""
    return [p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or ())]


def test_up_gives_the_settings_of_a_broker_that_outlives_it(folder: Path) -> None:
    up = sentinel("broker", "up", "--folder", str(folder), "--partitions", "2")
    assert up.returncode == 0, up.stderr
    settings = dict(line.split("=", 1) for line in up.stdout.splitlines())
    assert settings == LocalBroker(folder).settings()
    where = connection(LocalBroker(folder))
    topics = AdminClient(where.client()).list_topics(timeout=15).topics
    assert {len(topic.partitions) for name, topic in topics.items() if name.startswith("sentinel.")} == {2}
    assert len(httpx.get(f"{settings['SENTINEL_SCHEMA_REGISTRY_ENDPOINT']}/subjects").json()) == len(
        load_pipeline().tables
    )
    again = sentinel("broker", "up", "--folder", str(folder), "--partitions", "2")
    assert (again.returncode, again.stdout) == (0, up.stdout)
    assert len(processes(folder)) == 2

    broker = LocalBroker(folder)
    write(broker, [b'{"account_id": "acct-1"}'], ALERTS)
    assert sentinel("broker", "down", "--folder", str(folder)).returncode == 0
    assert processes(folder) == []
    assert sentinel("broker", "up", "--folder", str(folder), "--partitions", "2").stdout == up.stdout
    assert read(broker, ALERTS) == [{"account_id": "acct-1"}]

    gone = sentinel("broker", "down", "--delete", "--folder", str(folder))
    assert (gone.returncode, gone.stdout) == (0, "")
    assert processes(folder) == []
    assert not folder.exists()
    assert "nothing was started" in sentinel("broker", "down", "--folder", str(folder)).stderr


def test_up_makes_a_broker_that_is_there_ready_and_starts_none(fresh: LocalBroker, folder: Path) -> None:
    where = ("--bootstrap", fresh.bootstrap, "--registry", fresh.registry_url)
    admin = AdminClient(connection(fresh).client())
    admin.delete_topics([ALERTS])[ALERTS].result(15)
    running = processes(fresh.folder)
    up = sentinel("broker", "up", *where)
    assert up.returncode == 0, up.stderr
    assert dict(line.split("=", 1) for line in up.stdout.splitlines()) == fresh.settings()
    assert f"topic {ALERTS}" in up.stderr
    assert processes(fresh.folder) == running
    for wrong in (where[:2], where[2:], (*where, "--folder", str(folder))):
        refused = sentinel("broker", "up", *wrong)
        assert (refused.returncode, "takes --bootstrap and --registry" in refused.stderr) == (2, True)
    nowhere = sentinel("broker", "up", "--bootstrap", "127.0.0.1:1", "--registry", fresh.registry_url)
    assert (nowhere.returncode, nowhere.stdout) == (1, "")


def test_a_broker_that_is_killed_comes_back_with_its_records(fresh: LocalBroker) -> None:
    write(fresh, [b'{"account_id": "acct-1"}'], ALERTS)
    fresh.kafka.stop(seconds=0)
    fresh.registry.stop(seconds=0)
    assert not fresh.kafka.is_running()
    fresh.start()
    assert read(fresh, ALERTS) == [{"account_id": "acct-1"}]
    assert len(httpx.get(f"{fresh.registry_url}/subjects").json()) == len(load_pipeline().tables)


@pytest.mark.parametrize("seconds", [1.5, 3, 5])
def test_ctrl_c_during_the_start_leaves_nothing_running(seconds: float, folder: Path) -> None:
    command = [sys.executable, "-m", "sentinel_cli", "broker", "up", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
    assert (process.returncode, out, said.splitlines()[-1]) == (130, "", "sentinel: interrupted")
    assert processes(folder) == []


def test_a_start_that_was_cut_short_is_made_good(folder: Path) -> None:
    LocalBroker(folder)
    (folder / "data").mkdir()
    assert sentinel("broker", "up", "--folder", str(folder)).returncode == 0


def test_a_port_that_is_taken_is_one_sentence(folder: Path) -> None:
    broker = LocalBroker(folder)
    with socket.create_server(("127.0.0.1", broker.places.registry)):
        up = sentinel("broker", "up", "--folder", str(folder))
    assert (up.returncode, up.stdout) == (1, "")
    assert f"Port {broker.places.registry} of the registry is taken by another process" in up.stderr
    assert processes(folder) == []


def test_a_process_id_that_belongs_to_another_now_is_left_alone(folder: Path) -> None:
    broker = LocalBroker(folder)
    with subprocess.Popen(["sleep", "60"]) as other:
        (folder / "broker.pid").write_text(str(other.pid))
        assert not broker.kafka.is_running()
        broker.stop()
        assert other.poll() is None
        other.kill()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for command in (["up"], ["down", "--delete"]):
        done = sentinel("broker", *command, "--folder", str(tmp_path))
        assert (done.returncode, "is not empty and holds no broker of ours" in done.stderr) == (2, True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_the_machine_lacks_is_named(folder: Path, tmp_path: Path) -> None:
    """Neither Java nor Maven; Maven, but nothing that it could reach, and nothing taken for what it did not fetch."""
    tools = tmp_path / "bin"
    tools.mkdir()
    cache = tmp_path / "cache"
    no_maven = sentinel("broker", "up", "--folder", str(folder), path=str(tools), cache=cache)
    assert no_maven.returncode == 1
    assert "Maven is needed to fetch the broker: install mvn" in no_maven.stderr

    maven = shutil.which("mvn")
    assert maven
    program = tools / "mvn"
    program.write_text(f'#!/bin/sh\nexec {maven} -o -Dmaven.repo.local={tmp_path / "empty"} "$@"\n')
    program.chmod(0o755)
    offline = sentinel(
        "broker", "up", "--folder", str(folder), path=f"{tools}{os.pathsep}{os.environ['PATH']}", cache=cache
    )
    assert offline.returncode == 1
    assert "Maven cannot fetch the broker" in offline.stderr
    assert offline.stderr.count("\n") == 2
    assert list((cache / "sentinel-aml").iterdir()) == []
    assert processes(folder) == []


def test_the_page_says_how() -> None:
    page = ROOT / "docs" / "local.md"
    (block,) = re.findall(r"^```sh broker\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    done = subprocess.run(["bash", "-euc", block], cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    assert "SENTINEL_KAFKA_SECURITY_PROTOCOL=PLAINTEXT" in done.stdout
