"""`sentinel generate`."""

from sentinel_cli.generator.mode import Mode
from sentinel_cli.options import Customers, Events, Labels, ModeOption, Seed


def generate(
    events: Events = 200,
    customers: Customers = 20,
    mode: ModeOption = Mode.mixed,
    seed: Seed = 0,
    labels: Labels = None,
) -> None:
    """Write synthetic transactions to stdout, one JSON object a line, and a closing heartbeat."""
    import sys

    import orjson

    from sentinel_cli.generator import generate as open_stream

    stream = open_stream(events, customers, mode, seed)
    if labels:
        labels.write_bytes(b"".join(orjson.dumps(label) + b"\n" for label in stream.labels))
    for block in stream.blocks():
        sys.stdout.buffer.write(block)
    sys.stdout.flush()
