"""ML_DETECT_ANOMALIES as open-source Flink can run it: a scalar function over the array of the values so far."""

import re

from sql.errors import PipelineError

_NAME = "ML_DETECT_ANOMALIES"
_TOKEN = re.compile(r"'(?:[^']|'')*'|`[^`]*`|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\w+|[^\s\w]", re.DOTALL)


def rewrite_anomaly_calls(statement: str) -> str:
    """
    Move the window of each ML_DETECT_ANOMALIES call onto an ARRAY_AGG of its value.

        ML_DETECT_ANOMALIES(v, t, o) OVER (w)  ->  ML_DETECT_ANOMALIES(ARRAY_AGG(v) OVER (w), t, o)

    Flink refuses Python aggregates over an unbounded OVER; ARRAY_AGG gives the values in the order of time.

    Raises:
        PipelineError: a call has no three arguments, or no OVER with a window in parentheses or a name.
    """
    tokens = list(_TOKEN.finditer(statement))
    calls = [i for i, token in enumerate(tokens) if token.group().upper() == _NAME]
    for i in reversed(calls):  # from the last: the text before a call keeps its places
        statement = _rewritten(statement, tokens, i)
    return statement


def _rewritten(statement: str, tokens: list[re.Match[str]], call: int) -> str:
    close, commas = _closing(tokens, call + 1)
    if len(commas) != 2 or close + 2 >= len(tokens) or tokens[close + 1].group().upper() != "OVER":
        raise PipelineError(f"{_NAME} must be called as {_NAME}(value, time, options) OVER (window)")
    last = _closing(tokens, close + 2)[0] if tokens[close + 2].group() == "(" else close + 2
    value = statement[tokens[call + 1].end() : tokens[commas[0]].start()].strip()
    rest = statement[tokens[commas[0]].start() : tokens[close].end()]
    window = statement[tokens[close + 1].start() : tokens[last].end()]
    before, after = statement[: tokens[call + 1].end()], statement[tokens[last].end() :]
    return f"{before}ARRAY_AGG({value}) {window}{rest}{after}"


def _closing(tokens: list[re.Match[str]], opening: int) -> tuple[int, list[int]]:
    """The place of the parenthesis that closes the one at `opening`, and of the commas directly inside."""
    depth = 0
    commas: list[int] = []
    for i in range(opening, len(tokens)):
        text = tokens[i].group()
        depth += (text == "(") - (text == ")")
        if depth == 0:
            return i, commas
        if depth == 1 and text == ",":
            commas.append(i)
    raise PipelineError(f"{_NAME}: a parenthesis is not closed")
