"""Reads shell text for the commands it runs, and says which of them do not exist; nothing is run but their help."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from shutil import which
from typing import Any

import typer.main

from sentinel_cli.main import app


def commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script, each as its words, without `uv run` and variables set before it."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("();<>|&"):
                if plain := _plain(words):
                    yield plain
                words = []
            else:
                words.append(word)


def _plain(words: list[str]) -> list[str]:
    while words and re.match(r"\w+=", words[0]):
        words = words[1:]
    if words[:2] != ["uv", "run"]:
        return words
    words = words[2:]
    while words and words[0].startswith("--"):
        words = words[2:]
    return words


def mistakes(script: str) -> list[str]:
    """Commands and options of `sentinel`, and of `pulumi` where it is on PATH, that a script uses and are not there."""
    found = []
    for command in commands(script):
        if command[:1] == ["sentinel"]:
            found += _sentinel_mistakes(command[1:])
        elif command[:1] == ["pulumi"] and which("pulumi"):
            found += _pulumi_mistakes(command[1:])
    return found


def _sentinel_mistakes(words: list[str]) -> list[str]:
    command: Any = typer.main.get_command(app)
    name = "sentinel"
    while hasattr(command, "commands"):
        word, *words = words or [""]
        name = f"{name} {word}".strip()
        if word not in command.commands:
            return [name]
        command = command.commands[word]
    known = {option for parameter in command.params for option in parameter.opts}
    return [f"{name} {option}" for option in _options(words) if option not in known]


def _pulumi_mistakes(words: list[str]) -> list[str]:
    path = [word for word in words[:3] if re.fullmatch(r"[a-z][a-z-]*", word)]
    while path and not _is_pulumi(path):
        path.pop()
    if not path:
        return [f"pulumi {words[0]}"]
    text = _pulumi_help(*path)
    return [f"pulumi {' '.join(path)} {option}" for option in _options(words) if option not in text]


def _is_pulumi(path: list[str]) -> bool:
    """Whether the help of a command is its own, under this name or an alias: `stack init` is also `stack new`."""
    text = _pulumi_help(*path)
    aliases = re.findall(r"^Aliases:\n +(.*)$", text, re.MULTILINE)
    own = f"pulumi {' '.join(path[:-1])}".strip()
    return f"pulumi {' '.join(path)}" in text or (own in text and path[-1] in ", ".join(aliases).split(", "))


@cache
def _pulumi_help(*path: str) -> str:
    return subprocess.run(["pulumi", *path, "--help"], capture_output=True, text=True, check=False).stdout


def _options(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("--")]
