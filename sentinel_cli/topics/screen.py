"""Shows the plan and, where it is wanted, carries it out."""

from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.table import Table

from sentinel_cli.kafka.connection import Account, connect
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.topics.create import carry_out
from sentinel_cli.topics.plan import Finding, make_plan
from sql import load_pipeline


def show(partitions: int | None, replication: int | None, stack: str | None, *, make: bool) -> bool:
    """Show what is to be done, and do it where `make` is set; whether nothing is left to do."""
    connection = connect(Account.runner, stack)
    check_broker(connection)
    admin, registry = AdminClient(connection.client()), Registry(connection)
    plan = make_plan(load_pipeline().tables, admin, registry, partitions)
    table = Table("table", "what", "finding", "detail", box=None)
    for step in plan:
        table.add_row(step.table.name, step.what, step.finding, step.detail)
    console = Console()
    console.print(table)
    if make:
        carry_out(plan, admin, registry, replication, lambda done: console.print(f"made: {done}", markup=False))
    return make or all(step.finding is Finding.there for step in plan)
