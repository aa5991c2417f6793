"""Views are inlined as the first CTEs of a statement, so that a changed view changes the statements that read it."""

import re
from collections.abc import Mapping

from sql._template import bare


def inline(text: str, views: Mapping[str, str]) -> str:
    """The statement with each view that it reads put in front of its own CTEs."""
    needed = [name for name in views if _reads(text, name)]
    if not needed:
        return text
    ctes = ",\n".join(f"{name} AS (\n{views[name].strip()}\n)" for name in needed)
    start = re.search(r"^(WITH|SELECT)\b", text, re.MULTILINE)
    if start is None:
        return text
    if start[1] == "WITH":
        return f"{text[: start.end()]} {ctes},\n{text[start.end() :].lstrip()}"
    return f"{text[: start.start()]}WITH {ctes}\n{text[start.start() :]}"


def _reads(text: str, view: str) -> bool:
    return re.search(rf"\b(FROM|JOIN|TABLE)\s+{view}\b", bare(text)) is not None
