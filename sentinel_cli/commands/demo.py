"""`sentinel demo`."""

from sentinel_cli.generator import Mode
from sentinel_cli.options import Customers, Events, Json, ModelsLedgerFile, ModeOption, Seed


def demo(
    events: Events = 200,
    customers: Customers = 20,
    mode: ModeOption = Mode.mixed,
    seed: Seed = 0,
    ledger: ModelsLedgerFile = None,
    json: Json = False,
) -> None:
    """
    Run the whole pipeline in this process: transactions in, alerts out, each with summary and disposition.

    Where a model is configured, each decision is in the ledger before it is shown; what rules decide in its absence is
    recorded only with --ledger.
    """
    from sentinel_cli.demo import Demo
    from sentinel_cli.ledger.recorder import find_recorder

    if json:
        from sentinel_cli.demo_json import show_json as show
    else:
        from sentinel_cli.demo_screen import show
    stream = Demo(events, customers, mode, seed)
    stream.recorder = find_recorder(ledger)
    show(stream)
