import pytest

from sentinel_cli.flink.anomaly_call import rewrite_anomaly_calls
from sql.errors import PipelineError


def test_the_window_moves_onto_an_array_of_the_value() -> None:
    call = "SELECT ML_DETECT_ANOMALIES(CAST(n AS DOUBLE), t, JSON_OBJECT('a' VALUE 1)) OVER (ORDER BY t) FROM x"
    assert rewrite_anomaly_calls(call) == (
        "SELECT ML_DETECT_ANOMALIES(ARRAY_AGG(CAST(n AS DOUBLE)) OVER (ORDER BY t), t, JSON_OBJECT('a' VALUE 1)) FROM x"
    )


def test_a_named_window_and_several_calls() -> None:
    call = "SELECT ml_detect_anomalies(n, t, o) OVER w, ML_DETECT_ANOMALIES(m, t, o) OVER w FROM x"
    assert rewrite_anomaly_calls(call) == (
        "SELECT ml_detect_anomalies(ARRAY_AGG(n) OVER w, t, o), ML_DETECT_ANOMALIES(ARRAY_AGG(m) OVER w, t, o) FROM x"
    )


@pytest.mark.parametrize(
    "text",
    ["SELECT 'ML_DETECT_ANOMALIES(' FROM x", "SELECT 1 -- ML_DETECT_ANOMALIES(", "/* ML_DETECT_ANOMALIES( */ SELECT 1"],
)
def test_strings_and_comments_are_no_calls(text: str) -> None:
    assert rewrite_anomaly_calls(text) == text


@pytest.mark.parametrize(
    "call",
    [
        "SELECT ML_DETECT_ANOMALIES(n, t) OVER (ORDER BY t)",
        "SELECT ML_DETECT_ANOMALIES(n, t, o) FROM x",
        "SELECT ML_DETECT_ANOMALIES(n, t, o) OVER",
        "SELECT ML_DETECT_ANOMALIES(n, t, o",
        "SELECT ML_DETECT_ANOMALIES",
    ],
)
def test_another_form_of_the_call_is_refused(call: str) -> None:
    with pytest.raises(PipelineError, match="ML_DETECT_ANOMALIES"):
        rewrite_anomaly_calls(call)
