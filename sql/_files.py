"""Reading the declarations under `sql/`: an error names file and line."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from sql.errors import PipelineError

ROOT = Path(__file__).parent
Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model]) -> Model:
    """
    The validated content of a TOML file.

    Raises:
        PipelineError: the file is missing, no TOML, or not as the model declares.
    """
    text = read_text(path)
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PipelineError(f"{shown(path)}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(key) for key in first["loc"]]
        raise PipelineError(f"{shown(path)}:{_line(text, keys)}: {'.'.join(keys) or 'file'}: {first['msg']}") from None


def read_text(path: Path) -> str:
    """The text of a file under `sql/`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PipelineError(f"{shown(path)}: cannot be read ({error.strerror})") from None


def shown(path: Path) -> str:
    """A path as messages show it: from the project's root where it lies inside."""
    return str(path.relative_to(ROOT.parent)) if path.is_relative_to(ROOT.parent) else str(path)


def _line(text: str, keys: list[str]) -> int:
    """The line of the innermost key that the text names."""
    lines = text.splitlines()
    for key in reversed(keys):
        for number, line in enumerate(lines, 1):
            if line.lstrip("[ ").startswith(key) or f".{key}]" in line:
                return number
    return 1
