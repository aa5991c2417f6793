"""How many alerts triage takes at a time; what it does with them is tested on a real broker."""

import pytest

from sentinel_cli.service.triage import fitting


@pytest.mark.parametrize(
    ("alerts", "seconds", "batch", "fits"),
    [
        pytest.param(20, 1.7, 20, 40, id="a quick model: twice as many"),
        pytest.param(160, 15.0, 160, 160, id="as long as a batch should take: as many"),
        pytest.param(160, 60.0, 160, 40, id="it has become slow: fewer"),
        pytest.param(1, 0.9, 160, 20, id="few alerts come: what comes next is taken in small batches again"),
        pytest.param(90, 10.0, 90, 120, id="a multiple of the least, so that no place is empty at the end"),
        pytest.param(20, 300.0, 20, 20, id="never fewer than keep the model busy"),
        pytest.param(200, 2.0, 200, 200, id="never more than ten times that"),
    ],
)
def test_a_batch_takes_about_as_long_as_it_should(alerts: int, seconds: float, batch: int, fits: int) -> None:
    assert fitting(alerts, seconds, batch, least=20) == fits


def test_rules_take_a_whole_transaction_of_alerts_however_long_it_takes() -> None:
    assert fitting(1_000, 0.5, 1_000, least=1_000) == fitting(1_000, 60, 1_000, least=1_000) == 1_000
