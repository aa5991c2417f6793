"""A small whole stack, written as a careful program would: what the stand-in is tested with."""

from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_confluentcloud as confluent

RAW = "sentinel.transactions_raw"
ALERTS = "sentinel.aml_alerts"
