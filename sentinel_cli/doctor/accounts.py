"""Whether broker and registry let each account in, and what each may see of the pipeline."""

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.kafka.connection import Account, Connection, connect
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.settings import SecurityProtocol, where_found
from sentinel_cli.topics.plan import subject
from sql import Pipeline
from sql.errors import ServiceError, SettingsError
from sql.topics import ALERTS, ANALYST_DECISIONS, DEAD_LETTERS, DISPOSITIONS, ENRICHED, RAW

_SEES = {
    Account.producer: (RAW, DEAD_LETTERS),
    Account.analyst: (ALERTS, ENRICHED, DISPOSITIONS, ANALYST_DECISIONS),
}
"""The tables that the stack lets an account see; the runner sees all."""
Connections = dict[Account, Connection]
"""The accounts that are let in; one of them where the broker asks for no key."""


def accounts(stack: str | None, pipeline: Pipeline) -> tuple[list[Finding], Connections]:
    """Whether each account that has a key is let in; SettingsError as `load_settings`."""
    findings: list[Finding] = []
    usable: Connections = {}
    missing, found = "", where_found(stack)
    for account in (Account.analyst, Account.producer, Account.runner):
        try:
            connection = connect(account, stack)
        except SettingsError as error:
            missing = missing or str(error)
            # Who only reads alerts has the analyst's key alone; half a key is a mistake.
            if any(name.startswith(account) for name in found):
                findings.append(Finding(f"account {account}", "cannot be used", str(error)))
            continue
        well = [_broker(account, connection), _registry(account, connection, pipeline)]
        findings += well
        if all(finding.ok for finding in well):
            usable[account] = connection
        if connection.protocol is SecurityProtocol.plaintext:
            break
    return findings or [Finding("accounts", "none can be used", missing)], usable


def sees(account: Account, connection: Connection, table: str) -> bool:
    """Whether an account may see a table's topic and schema, where the rights are those that the stack gives."""
    return connection.protocol is SecurityProtocol.plaintext or table in _SEES.get(account, (table,))


def _broker(account: Account, connection: Connection) -> Finding:
    try:
        check_broker(connection)
    except ServiceError as error:
        return Finding(f"broker, as {account}", str(error), _advice(str(error)))
    return Finding(f"broker, as {account}", f"{connection.bootstrap} answers")


def _registry(account: Account, connection: Connection, pipeline: Pipeline) -> Finding:
    try:
        Registry(connection).latest(subject(pipeline.table(_SEES.get(account, (RAW,))[0])))
    except ServiceError as error:
        return Finding(f"registry, as {account}", str(error), _advice(str(error)))
    return Finding(f"registry, as {account}", f"{connection.registry_url} answers")


def _advice(said: str) -> str:
    if "key" in said:
        return "See the keys above: `pulumi stack output --show-secrets` shows those of a stack; a rotated key is new."
    if "trusted" in said:
        return "Set SENTINEL_KAFKA_CA_LOCATION to the authority's PEM file, or SENTINEL_KAFKA_SECURITY_PROTOCOL."
    return "See the endpoints above; for a broker on this machine, `sentinel broker up`."
