"""`sentinel demo`."""

from sentinel_cli.generator import Mode
from sentinel_cli.options import Customers, Events, Json, ModeOption, Seed


def demo(
    events: Events = 200,
    customers: Customers = 20,
    mode: ModeOption = Mode.mixed,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Run the whole pipeline in this process: transactions in, alerts out, each with summary and disposition."""
    from sentinel_cli.demo import Demo

    if json:
        from sentinel_cli.demo_json import show_json as show
    else:
        from sentinel_cli.demo_screen import show
    show(Demo(events, customers, mode, seed))
