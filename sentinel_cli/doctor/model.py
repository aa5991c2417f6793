"""Which model explains and triages what runs on this machine; it is not asked, since that costs money."""

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.llm.endpoint import find_endpoint
from sql.errors import SettingsError

_WHAT = "model on this machine"


def model() -> Finding:
    """A finding on the endpoint's values."""
    try:
        endpoint = find_endpoint()
    except SettingsError as error:
        return Finding(_WHAT, str(error), "See docs/llm.md for what each provider needs.")
    if endpoint is None:
        return Finding(_WHAT, "none: rules explain and triage")
    limits = endpoint.limits
    known = {"requests": limits.calls, "tokens": limits.tokens, "dollars": limits.cost}
    budget = ", ".join(f"{most} {name}" for name, most in known.items() if most is not None)
    return Finding(_WHAT, f"{endpoint.name}, budget of a day: {budget or 'none'}")
