"""Start the stand-in as the engine starts a plug-in: print the port, then serve until the engine ends it."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.integration.confluent.cloud import Cloud
from tests.integration.confluent.provider import Provider

server = grpc.server(ThreadPoolExecutor(max_workers=8))
provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(Cloud.of_environment()), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
