"""Start the stand-in as the engine starts a plug-in: print the port, then serve until the engine ends it."""

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import grpc


def import_messages_alone() -> None:
    """Let the generated messages be imported without the SDK around them: a start then takes a third of the time."""
    sdk = find_spec("pulumi")
    assert sdk is not None
    assert sdk.origin is not None
    for name in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
        package = ModuleType(name)
        package.__path__ = [str(Path(sdk.origin).parent.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package


def serve() -> None:
    """Serve one provider instance."""
    from pulumi.runtime.proto import provider_pb2_grpc

    from tests.integration.confluent.cloud import Cloud
    from tests.integration.confluent.provider import Provider

    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(Cloud.of_environment()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


import_messages_alone()
serve()
