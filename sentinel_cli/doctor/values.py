"""The values that the commands find, where they find them; secrets are never shown."""

from pydantic import SecretStr

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.settings import Settings, load_settings, variable, where_found

_MASK = "****"


def values(stack: str | None) -> list[Finding]:
    """A finding for each value that is set; SettingsError where one has the wrong form."""
    settings, found = load_settings([], stack), where_found(stack)
    return [Finding(variable(name), f"{_shown(settings, name)} ({found[name]})") for name in _set(found)]


def _set(found: dict[str, str]) -> list[str]:
    return [name for name in Settings.model_fields if name in found]


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return _MASK
    return f"{len(value)} entries" if isinstance(value, list | dict) else str(value)
