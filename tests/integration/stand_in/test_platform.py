"""A platform made with care passes, and what it could not do without is refused when it is missing."""

import pytest

from tests.integration.stand_in.client import RefusedError
from tests.integration.stand_in.platform import INSERT, RAW, Platform


def test_a_careful_platform_runs_a_job_and_breaks_no_rule(aml: Platform) -> None:
    job = aml.statement("structuring", INSERT)
    assert aml.phase("structuring") == "RUNNING"
    assert job["stopped"] is False
    assert job["principal"] == {"id": aml.made["runner"].id}
    aml.runner.delete(job)
    for name in reversed(aml.made):
        client = (
            aml.kafka if name in {RAW, "sentinel.aml_alerts"} else aml.registry if "-value" in name else aml.control
        )
        client.delete(aml.made[name])
    assert aml.violations() == []
    left = aml.cloud.read()
    assert list(left["environments"]) == ["env-default"]
    assert not left["topics"] | left["statements"] | left["pools"] | left["registries"] | left["subjects"]


@pytest.mark.parametrize(
    "missing",
    ["runner-read", "runner-read-subject", "runner-write", "runner-write-subject", "runner-begin", "runner-commit"],
)
def test_a_job_needs_every_role(aml: Platform, missing: str) -> None:
    aml.control.delete(aml.made[missing])
    with pytest.raises(RefusedError, match=r'provisioning status is "FAILED": sa-\d+ lacks .*Developer(Read|Write)'):
        aml.statement("structuring", INSERT)
