"""The pack in a process of its own, started as the engine's launcher does, and asked over its gRPC interface."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from tests.stacks.policies.shown import ShownStack
from tests.stacks.recorder import ROOT


@dataclass(frozen=True)
class Violation:
    """What the pack says of a resource, or of the pack's being unable to say anything."""

    policy: str
    resource: str
    message: str

    def __str__(self) -> str:
        return f"{self.policy}\n  {self.resource or 'stack'}\n  {self.message.partition(chr(10))[2] or self.message}"


@dataclass(frozen=True)
class Pack:
    """A running pack."""

    stub: analyzer_pb2_grpc.AnalyzerStub

    def policies(self) -> dict[str, analyzer_pb2.PolicyInfo]:
        """What the pack says of itself, policies by name."""
        info = self.stub.GetAnalyzerInfo(empty_pb2.Empty())
        return {policy.name: policy for policy in info.policies}

    def judge(self, stack: ShownStack, sound: ShownStack | None = None) -> list[Violation]:
        """
        All that the pack finds, resource by resource and then in the stack, as the engine asks.

        Resources that are as in `sound`, of which the pack is known to say nothing, are not asked about again.
        """
        found = []
        for name, each in sorted(stack.resources.items()):
            if sound and each.request == sound.resources[name].request:
                continue
            answer = self.stub.Analyze(each.request)
            found += [Violation(d.policyName, name, d.message) for d in answer.diagnostics]
        states = [each.state for _, each in sorted(stack.resources.items())]
        answer = self.stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=states))
        return found + [Violation(d.policyName, d.urn.rpartition("::")[2], d.message) for d in answer.diagnostics]


@contextmanager
def started(root: Path = ROOT) -> Iterator[Pack]:
    """The pack of a project's folder; the address of the engine, which it never calls, leads nowhere."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    env = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(command, cwd=root / "stacks" / "policies", env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
    finally:
        process.kill()
        process.communicate()
