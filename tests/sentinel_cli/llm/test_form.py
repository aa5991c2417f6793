"""What a request looks like by the model's name, and by what an endpoint refuses."""

from typing import Any

import jsonschema_rs
import pytest

from sentinel_cli.llm.call import Call
from sentinel_cli.llm.form import first_form
from sentinel_cli.llm.functions import find_answering
from sql import load_pipeline
from tests.sentinel_cli.llm.conftest import Configure
from tests.sentinel_cli.llm.stand_in import Fault, Seen, StandIn, status

REASONING = [
    "gpt-5",
    "gpt-5-mini",
    "gpt-5.4-nano",
    "gpt-5-mini-2025-08-07",
    "o3",
    "o4-mini",
    "gpt-6-luna",
    "openai.gpt-5",
]
OTHERS = ["gpt-4.1", "gpt-4o-mini", "gpt-5-chat-latest", "qwen3", "llama-3.3", "openai.gpt-oss-120b-1:0"]


@pytest.mark.parametrize("model", REASONING)
def test_a_model_that_reasons_takes_completion_tokens_and_no_temperature(model: str) -> None:
    assert first_form(model).parameters("enrichment", 99) == {"max_completion_tokens": 99}


@pytest.mark.parametrize("model", OTHERS)
def test_others_take_tokens_and_a_temperature_of_zero(model: str) -> None:
    assert first_form(model).parameters("enrichment", 99) == {"max_tokens": 99, "temperature": 0}


def picky(tokens: str, *, temperature: bool, formats: set[str], explains: bool) -> Any:
    """An endpoint that takes only this, with or without saying what it did not take."""

    def fault(seen: Seen) -> Fault | None:
        body = seen.body
        wrong: list[str] = [name for name in ("max_tokens", "max_completion_tokens") if name in body and name != tokens]
        wrong += ["temperature"] if "temperature" in body and not temperature else []
        wrong += ["response_format"] if body.get("response_format", {"type": "text"})["type"] not in formats else []
        if not wrong:
            return None
        if not explains:
            return status(422)
        return status(400, None, code="unsupported_parameter", param=wrong[0])

    return fault


@pytest.mark.parametrize(
    ("tokens", "temperature", "formats", "requests"),
    [
        ("max_tokens", True, {"json_schema", "text"}, 0),
        ("max_tokens", True, {"json_object", "text"}, 1),
        ("max_tokens", True, {"text"}, 2),
        ("max_completion_tokens", False, {"json_schema", "text"}, 2),
        ("max_completion_tokens", False, {"text"}, 4),
    ],
)
def test_what_an_endpoint_takes_is_found_out_once(
    tokens: str, temperature: bool, formats: set[str], requests: int, configure: Configure
) -> None:
    calls: list[Call] = []
    with StandIn(picky(tokens, temperature=temperature, formats=formats, explains=True)) as endpoint:
        configure(endpoint=endpoint.url, model="my-model", parallelism=1)
        with find_answering(load_pipeline(), calls.append).functions() as managed:
            rows = managed["AI_RUN_AGENT"]([("agent", f"input {n}", "") for n in range(20)])
            managed["ML_PREDICT"]([("model", f"input {n}") for n in range(20)])
    assert {row[0] for (row,) in rows} == {"SUCCESS"}
    assert len(endpoint.seen) == 40 + requests
    assert set(endpoint.answered.values()) == {1}
    last = calls[19].parameters
    assert (tokens in last, "temperature" in last) == (True, temperature)
    assert last.get("response_format", "text") in formats


def test_an_endpoint_that_does_not_say_why_is_asked_for_plain_text(configure: Configure) -> None:
    fault = picky("max_tokens", temperature=True, formats={"text"}, explains=False)
    with StandIn(fault) as endpoint:
        configure(endpoint=endpoint.url, model="my-model", parallelism=1)
        with find_answering(load_pipeline()).functions() as managed:
            managed["AI_RUN_AGENT"]([("agent", f"input {n}", "") for n in range(5)])
    assert len(endpoint.seen) == 7


def test_the_schema_is_that_of_the_sql() -> None:
    form = first_form("gpt-5").parameters("triage", 1)
    schema = form["response_format"]["json_schema"]["schema"]
    text = load_pipeline().statement("triage").sql
    assert f"said NOT IN ({', '.join(repr(d) for d in schema['properties']['decision']['enum'])})" in text
    assert all(f"'$.{name}'" in text for name in schema["properties"])
    answer = {"decision": "REVIEW", "priority": 3, "sar_recommended": True, "recommended_action": "", "rationale": ""}
    assert jsonschema_rs.is_valid(schema, answer)
    assert schema["required"] == list(schema["properties"]) == list(answer)
