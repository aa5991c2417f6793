"""What can be set of the service."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """Seconds, unless a name says otherwise."""

    group: str
    """Beginning of the consumer groups' names, and of the transactional ids."""
    state: Path
    commit_interval: float = 0.2
    batch: int = 100_000
    """Records of a step, at most."""
    snapshot_interval: float = 60
    """Within which each partition is written down once."""
    idle: float = 60
    """After which a partition in which something waits for its watermark gets a heartbeat."""
    registry_wait: float = 60
    """For which a partition waits for a registry that does not answer, before a record is a dead letter."""
    threads: int = 1
    """That share the partitions as instances would, each with an engine of its own."""
