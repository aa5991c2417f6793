"""The values that the commands find, where they find them; secrets are never shown."""

from pydantic import SecretStr

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.settings import Settings, load_settings, variable, where_found

_MASK = "****"


def values(stack: str | None) -> list[Finding]:
    """A finding for each value that is set, and one on the others; SettingsError where one has the wrong form."""
    settings, found = load_settings([], stack), where_found(stack)
    findings = [
        Finding(variable(n), f"{_shown(settings, n)} ({found[n]})") for n in Settings.model_fields if n in found
    ]
    absent = [variable(name) for name in Settings.model_fields if name not in found]
    return [*findings, Finding("not set", ", ".join(absent) or "nothing")]


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return _MASK
    return f"{len(value)} entries" if isinstance(value, list | dict) else str(value)
