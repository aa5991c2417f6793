"""Reads the transactions of a replay: JSON Lines, CSV or Parquet, in the contract's columns or mapped to them."""

from sentinel_cli.inputs.load import InputReport, load_transactions
from sentinel_cli.inputs.mapping import Mapping, read_mapping

__all__ = ["InputReport", "Mapping", "load_transactions", "read_mapping"]
