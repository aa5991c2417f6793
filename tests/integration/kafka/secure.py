"""A broker that speaks TLS, asks for a key and knows what each account may do; before its registry, the same."""

import re
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import trustme
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.connection import Account, Connection
from sentinel_cli.settings import SecurityProtocol
from tests.integration.kafka.topics import NOBODY

SECRETS = {account: f"made-up-secret-of-the-{account}" for account in Account}
_BROKER = "made-up-secret-of-the-broker"
_WRITES = ("sentinel.transactions_raw", "sentinel.dead_letters")
_READS = ("sentinel.aml_alerts", "sentinel.aml_alerts_enriched", "sentinel.alert_dispositions")
_DECIDES = "sentinel.analyst_decisions"
_SEES = {Account.producer: _WRITES, Account.analyst: (*_READS, _DECIDES)}


@dataclass(frozen=True)
class SecureBroker:
    """A broker behind SASL_SSL, and its registry behind https and a key."""

    local: LocalBroker
    registry_url: str
    ca: Path

    def settings(self) -> dict[str, str]:
        """The variables by which the commands find both, the keys of all accounts among them."""
        found = self.local.settings() | {
            "SENTINEL_SCHEMA_REGISTRY_ENDPOINT": self.registry_url,
            "SENTINEL_KAFKA_CA_LOCATION": str(self.ca),
        }
        for account, secret in SECRETS.items():
            for service in ("KAFKA", "SCHEMA_REGISTRY"):
                name = f"SENTINEL_{account.upper()}_{service}_API"
                found |= {f"{name}_KEY": account.value, f"{name}_SECRET": secret}
        return found

    def connection(self, account: Account = Account.runner) -> Connection:
        """The broker as an account, and its registry without the gate."""
        return Connection(
            self.local.bootstrap, SecurityProtocol.sasl_ssl, account.value, SecretStr(SECRETS[account]), str(self.ca),
            self.local.registry_url, "", NOBODY,
        )  # fmt: skip


@contextmanager
def secure(folder: Path) -> Iterator[SecureBroker]:
    """A broker that is not started yet, and the gate of its registry."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    ca, chain = folder / "ca.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(str(ca))
    chain.write_bytes(_pkcs8(certificate) + b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
    local = LocalBroker(folder / "state", _listener(chain, ca), "localhost")
    with _gate(local.registry_url, certificate) as url:
        yield SecureBroker(local, url, ca)


def allow(broker: SecureBroker) -> None:
    """Give producer and analyst the rights that the stack gives them; the runner may do everything."""
    rights = [(ResourceType.TOPIC, topic, AclOperation.WRITE, Account.producer) for topic in _WRITES]
    rights += [(ResourceType.TOPIC, _WRITES[0], AclOperation.READ, Account.producer)]
    rights += [(ResourceType.TOPIC, topic, AclOperation.READ, Account.analyst) for topic in (*_READS, _DECIDES)]
    rights += [(ResourceType.TOPIC, _DECIDES, AclOperation.WRITE, Account.analyst)]
    rights += [(ResourceType.GROUP, "sentinel", AclOperation.READ, Account.analyst)]
    bindings = [
        AclBinding(
            what,
            name,
            ResourcePatternType.PREFIXED if what is ResourceType.GROUP else ResourcePatternType.LITERAL,
            f"User:{account}",
            "*",
            operation,
            AclPermissionType.ALLOW,
        )
        for what, name, operation, account in rights
    ]
    admin = AdminClient(broker.connection().client())
    for answer in admin.create_acls(bindings).values():
        answer.result(timeout=30)


def _pkcs8(certificate: trustme.LeafCert) -> bytes:
    """The private key as the broker reads it."""
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())


def _listener(chain: Path, ca: Path) -> dict[str, str]:
    users = "".join(f' user_{account}="{secret}"' for account, secret in SECRETS.items())
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    return {
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f'{login} username="broker" password="{_BROKER}" user_broker="{_BROKER}"{users};'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(chain),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # The controller, on a port of its own, asks nobody for a name.
        "super.users": "User:ANONYMOUS;User:broker;User:runner",
    }


@contextmanager
def _gate(registry: str, certificate: trustme.LeafCert) -> Iterator[str]:
    """What stands before a registry in the cloud: TLS, and a key for each account."""
    users = {b64encode(f"{account}:{secret}".encode()).decode(): account for account, secret in SECRETS.items()}

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            user = users.get(self.headers.get("Authorization", "").removeprefix("Basic "))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if user is None:
                self._answer(401, b'{"error_code": 40101, "message": "Unauthorized"}')
                return
            subject = re.search(r"sentinel\.\w+", self.path)
            if subject and user in _SEES and subject[0] not in _SEES[user]:
                self._answer(403, b'{"error_code": 40301, "message": "User is denied operation Read"}')
                return
            kind = {"Content-Type": self.headers.get("Content-Type", "application/json")}
            url = f"{registry}{self.path}"
            answer = httpx.request(self.command, url, content=body, headers=kind, timeout=30, trust_env=False)
            self._answer(answer.status_code, answer.content)

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Stay quiet."""

    for verb in ("GET", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler._pass_on)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    class Gate(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Stay quiet of a client that does not trust the certificate."""

    server = Gate(("127.0.0.1", 0), Handler)
    # The handshake is made by the thread of the request, and not while others wait.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
