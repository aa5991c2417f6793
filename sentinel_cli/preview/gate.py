"""The changes that a pipeline can be told to refuse, by name."""

from enum import StrEnum


class Gate(StrEnum):
    """What `--fail-on` may name."""

    cluster_replaced = "cluster-replaced"
    topic_replaced = "topic-replaced"
    protected_deleted = "protected-deleted"
    job_deleted = "job-deleted"
    job_without_starts_at = "job-without-starts-at"
    update_refused = "update-refused"
