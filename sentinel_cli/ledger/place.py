"""Where the ledger is."""

from pathlib import Path

from platformdirs import user_data_path

from sentinel_cli.ledger.store import Ledger
from sentinel_cli.settings import load_settings


def find_ledger(path: Path | None) -> Ledger:
    """The ledger of --ledger, of SENTINEL_LEDGER, or of the user's data; SettingsError where no setting can be read."""
    if path is None and (named := load_settings([], "").ledger):
        path = Path(named)
    return Ledger(path or user_data_path("sentinel-aml") / "ledger.sqlite")


def existing_ledger(path: Path | None) -> Ledger | None:
    """The same, None where there is none yet; one that --ledger names is asked for, whether it is there or not."""
    found = find_ledger(path)
    return found if path or found.path.exists() else None
