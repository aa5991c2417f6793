"""An answer that comes through the client has the outcome that the SQL gives it: there is one parser."""

import asyncio
import json

from sentinel_cli.flink.referee import Answers
from sentinel_cli.llm.client import LONGEST
from sentinel_cli.llm.functions import find_answering
from sentinel_cli.local.engine import Engine
from sql import load_pipeline
from sql.topics import DISPOSITIONS, ENRICHED
from tests.answers import CASES, enriched, outcome
from tests.engines import embedded_stage
from tests.sentinel_cli.llm.conftest import Configure
from tests.sentinel_cli.llm.stand_in import Seen, StandIn, always

PIPELINE = load_pipeline({"ai.quality_control_percent": "0"}, rules=["geo"])
SPOKEN = {name: case for name, case in CASES.items() if [status for status, _ in case.rows] == ["SUCCESS"]}
"""What a model may say; a call that fails is another matter."""
ROWS = [enriched(name, **case.alert) for name, case in SPOKEN.items()]
TEXTS = [text for case in SPOKEN.values() for _, text in case.rows]
KEPT = [text and text[:LONGEST] for text in TEXTS]


def test_every_answer_has_the_outcome_of_the_golden_table(configure: Configure) -> None:
    said = iter(TEXTS)

    async def next_answer(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await server.answer(seen, writer, content=next(said))

    with StandIn(always(next_answer)) as endpoint:
        configure(endpoint=endpoint.url, model="stand-in")
        with find_answering(PIPELINE).functions() as managed, Engine(PIPELINE, managed=managed) as engine:
            for row in ROWS:
                engine.append(ENRICHED, [row])
                engine.decide()
            found = {row["alert_id"]: row for row in engine.rows(DISPOSITIONS)}
    answers = Answers({name: [("SUCCESS", text)] for name, text in zip(SPOKEN, KEPT, strict=True)})
    golden = map(json.loads, embedded_stage(PIPELINE, ENRICHED, ROWS, answers)[DISPOSITIONS])
    assert len(SPOKEN) > 100
    assert [found[name]["raw_response"] for name in SPOKEN] == KEPT
    assert {name: outcome(row) for name, row in found.items()} == {row["alert_id"]: outcome(row) for row in golden}


def test_half_a_pair_of_surrogates_stops_nothing(configure: Configure) -> None:
    """An emoji that was cut: JSON can say it, and no file or topic can hold it."""

    async def cut(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await server.answer(seen, writer, content="E1 is rent \ud83c")

    async def refuse(server: StandIn, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await server.answer(seen, writer, refusal="No \udfe0")

    for fault, status in ((cut, "SUCCESS"), (refuse, "REFUSED")):
        with StandIn(always(fault)) as endpoint:
            configure(endpoint=endpoint.url, model="stand-in")
            with find_answering(PIPELINE).functions() as managed:
                ((found,),) = managed["AI_RUN_AGENT"]([("agent", "input", "id")])
        assert found[0] == status
        assert str(found[1]).encode().endswith(b"?")
