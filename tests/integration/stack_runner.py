"""
One stack of the real Pulumi engine over the stand-in provider, with all that a test may want to know of a run.

    runner = StackRunner(tmp_path)                   # or the fixture `runner`
    runner.program = my_program                      # any function that declares resources
    runner.configure({"region": "us-east-1"}, {"confluentCloudApiKey": "made-up"})
    run = runner.up()
    assert run.changes == {"structuring-statement": "replace"}
"""

import asyncio
import gc
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import yaml
from pulumi import automation as auto
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from tests.integration.confluent.cloud import VARIABLE, Cloud

ROOT = Path(__file__).parents[2]
PROJECT = "sentinel-aml"
CLOUD_KEY, CLOUD_SECRET = "MADEUPCLOUDKEY01", "made-up-cloud-secret"
_PASSPHRASE = "made-up-passphrase"
_MINIMAL_PROJECT = {"name": PROJECT, "runtime": "python", "options": {"refresh": "always"}}
_STACK_TYPE = "pulumi:pulumi:Stack"

Program = Callable[[], Any]


class RunFailedError(Exception):
    """The engine ended a run with errors; `run` is what it did until then."""

    def __init__(self, text: str, run: "Run") -> None:
        super().__init__(text)
        self.run = run


@dataclass
class Run:
    """What one run of the engine did, from its events."""

    events: list[auto.EngineEvent] = field(default_factory=list)
    output: str = ""

    @property
    def operations(self) -> list[tuple[str, str]]:
        """Operation and logical name of every step, in order, steps without a change left out."""
        found = []
        for event in self.events:
            if step := event.resource_pre_event:
                about = step.metadata
                if about.op not in _QUIET and about.type != _STACK_TYPE:
                    found.append((about.op.value, about.urn.rpartition("::")[2]))
        return found

    def names(self, *operations: str) -> list[str]:
        """Logical names of the resources with one of these operations (create, update, replace, delete, ...)."""
        return [name for operation, name in self.operations if operation in operations]

    @property
    def changes(self) -> dict[str, str]:
        """What happens to each resource: create, update, replace or delete."""
        return {name: operation for operation, name in self.operations if operation in _CHANGES}

    @property
    def messages(self) -> list[str]:
        """Diagnostics of the run."""
        return [event.diagnostic_event.message for event in self.events if event.diagnostic_event]


_QUIET = {auto.OpType.SAME, auto.OpType.READ, auto.OpType.REFRESH}
_CHANGES = {"create", "update", "replace", "delete"}


class StackRunner:
    """A stack with its state, its cloud and its program, all in one folder."""

    def __init__(self, folder: Path, *, stack: str = "dev", project: Path | None = None) -> None:
        """
        Make an empty stack in an empty cloud, or open the one in the folder.

        `pulumi` is taken from PATH, where the fixture `pulumi_engine` puts it.

        Args:
            folder: Where everything is kept.
            stack: Its name.
            project: A folder whose Pulumi.yaml and Pulumi.<stack>.yaml are used; a minimal project when None.
        """
        self.folder, self.stack_name = folder, stack
        self.program: Program = lambda: None
        self.secrets: set[str] = {CLOUD_SECRET}
        self._loops: list[asyncio.AbstractEventLoop] = []
        self._work = folder / "work"
        self.cloud = Cloud(folder / "cloud.json")
        if not self._work.exists():
            for made in (self._work, folder / "state", folder / "bin"):
                made.mkdir(parents=True)
            Cloud.create(self.cloud.path, CLOUD_KEY, CLOUD_SECRET)
            self._copy_project(project)
            self._write_plugin()
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"]]),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_DEBUG_COMMANDS": "1",  # --client and --event-log are such
            VARIABLE: str(self.cloud.path),
        }
        self._stack = auto.create_or_select_stack(
            stack,
            project_name=PROJECT,
            program=self._declare,
            opts=auto.LocalWorkspaceOptions(work_dir=str(self._work), env_vars=self.environment),
        )

    def copy(self, folder: Path) -> "StackRunner":
        """The same stack in the same cloud, to go its own way from here."""
        shutil.copytree(self.folder, folder)
        copied = StackRunner(folder, stack=self.stack_name)
        copied.program, copied.secrets = self.program, set(self.secrets)
        return copied

    def configure(self, values: Mapping[str, object], secrets: Mapping[str, str] | None = None) -> None:
        """Set configuration, by key without the project's name; None removes a key."""
        file = self._work / f"Pulumi.{self.stack_name}.yaml"
        settings = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        config = (settings or {}).get("config") or {}
        config |= {f"{PROJECT}:{key}": value for key, value in values.items()}
        kept = {key: value for key, value in config.items() if value is not None}
        file.write_text(yaml.safe_dump({**(settings or {}), "config": kept}), encoding="utf-8")
        if secrets:
            self.secrets |= set(secrets.values())
            self._stack.set_all_config({key: auto.ConfigValue(text, secret=True) for key, text in secrets.items()})

    @contextmanager
    def without_refresh(self) -> Iterator[None]:
        """Runs inside are those of `--refresh=false`, against what the project's options say."""
        self.environment["PULUMI_OPTION_REFRESH"] = "false"
        try:
            yield
        finally:
            del self.environment["PULUMI_OPTION_REFRESH"]

    def up(self, *flags: str) -> Run:
        """Deploy, with flags of the command line; RunFailedError where the engine ends with errors."""
        return self._run("up", "--yes", "--skip-preview", *flags)

    def preview(self, *flags: str) -> Run:
        """Preview; nothing changes."""
        return self._run("preview", *flags)

    def preview_json(self) -> str:
        """What `pulumi preview --json --show-sames --refresh=false` prints, verbatim."""
        return self._run("preview", "--json", "--show-sames", "--refresh=false").output

    def refresh(self) -> Run:
        """Bring the state up to date with the cloud."""
        return self._run("refresh", "--yes", "--skip-preview")

    def destroy(self, *flags: str, refresh: bool = True, preview_first: bool = False) -> Run:
        """Remove everything; with a preview first, as at a terminal, a refusal comes before any change."""
        skipped = () if preview_first else ("--skip-preview",)
        return self._run("destroy", "--yes", f"--refresh={str(refresh).lower()}", *skipped, *flags)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in clear."""
        return {name: output.value for name, output in self._stack.outputs().items()}

    def state_text(self) -> str:
        """The state file as it lies on the disk."""
        return next((self.folder / "state" / ".pulumi" / "stacks").rglob(f"{self.stack_name}.json")).read_text("utf-8")

    def resources(self) -> dict[str, dict[str, Any]]:
        """Every resource in the state, by logical name."""
        deployment = json.loads(self.state_text())["checkpoint"]["latest"] or {}
        return {one["urn"].rpartition("::")[2]: one for one in deployment.get("resources", [])}

    def known_secrets(self) -> set[str]:
        """Every secret that was put in, and every one that the cloud made."""
        made = {key["secret"] for key in self.cloud.read()["keys"].values()}
        return {text for text in self.secrets | made if text}

    def _declare(self) -> None:
        """The program of the moment: a test changes it between two runs."""
        self._loops.append(asyncio.get_running_loop())
        self.program()

    def _run(self, *command: str) -> Run:
        """Run the engine with the program in this process: less start-up than the Automation API's own methods."""
        events = self.folder / "events.jsonl"
        events.unlink(missing_ok=True)
        workspace = self._stack.workspace
        try:
            with _language_host(self._declare) as address:
                inline = [f"--client={address}", "--exec-kind", "auto.inline", "--event-log", str(events)]
                arguments = [*command, *inline, "--stack", self.stack_name]
                result = workspace.pulumi_command.run(arguments, workspace.work_dir, self.environment)
        except auto.errors.CommandError as error:
            raise RunFailedError(str(error), _read_run(events, "")) from None
        finally:
            while self._loops:
                _end(self._loops.pop())
        return _read_run(events, result.stdout)

    def _copy_project(self, project: Path | None) -> None:
        names = ["Pulumi.yaml", f"Pulumi.{self.stack_name}.yaml"] if project else []
        for name in names:
            if project and (project / name).exists():
                (self._work / name).write_text((project / name).read_text(encoding="utf-8"), encoding="utf-8")
        if not names:
            (self._work / "Pulumi.yaml").write_text(yaml.safe_dump(_MINIMAL_PROJECT), encoding="utf-8")

    def _write_plugin(self) -> None:
        plugin = self.folder / "bin" / "pulumi-resource-confluentcloud"
        start = f"exec {shlex.quote(sys.executable)} -m tests.integration.confluent"
        plugin.write_text(f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} {start}\n", encoding="utf-8")
        plugin.chmod(0o755)


@contextmanager
def _language_host(program: Program) -> Iterator[str]:
    """The address at which the engine finds the program, which runs in this process."""
    # The threads end with it: a thread that lives on holds the event loop of its program.
    with ThreadPoolExecutor(max_workers=4) as threads:
        server = grpc.server(threads)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def _read_run(events: Path, output: str) -> Run:
    lines = events.read_text(encoding="utf-8").splitlines() if events.exists() else []
    return Run([auto.EngineEvent.from_json(json.loads(line)) for line in lines], output)


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """A run that fails leaves the event loop of its program open, with tasks in it: ended here, nobody is warned."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        if not loop.is_running():
            loop.close()
        del loop
        gc.collect()
    finally:
        sys.unraisablehook = hook
