"""Reads the JSON of `pulumi preview --json`, the PreviewDigest of Pulumi's pkg/display/json.go."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sql.errors import InputError

MASKED = "[secret]"
"""What stands for the value of a secret, whatever it is: two of them cannot be compared."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi's wire format marks an object that stands for a secret, an asset or the like."""
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that only the `up` will tell."""
_REASONS = 3
"""Reasons of a failed preview that are told."""
_MAKE = "make it by `pulumi preview --json --show-sames > FILE`"


class _Json(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", hide_input_in_errors=True)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return MASKED if _SIGNATURE in value else {key: _masked(inner) for key, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value


Properties = Annotated[dict[str, Any], AfterValidator(_masked)]


class State(_Json):
    """A resource before or after; secrets are the text `[secret]`."""

    type: str
    inputs: Properties = {}
    outputs: Properties = {}
    parent: str = ""
    protect: bool = False
    delete: bool = False
    replacement_trigger: Any = None
    replace_on_changes: list[str] = []


class Step(_Json):
    """What the engine means to do to one resource."""

    op: str
    urn: str = Field(pattern=r"^urn:pulumi:[^:]*::[^:]*::.+::.+$")
    old_state: State | None = None
    new_state: State | None = None
    diff_reasons: list[str] | None = None
    replace_reasons: list[str] | None = None
    detailed_diff: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        """The resource's type token, without its parents'."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def old(self) -> dict[str, Any]:
        """The inputs before."""
        return self.old_state.inputs if self.old_state else {}

    @property
    def new(self) -> dict[str, Any]:
        """The inputs after."""
        return self.new_state.inputs if self.new_state else {}

    @property
    def diff_unknown(self) -> bool:
        """Whether the provider could not be asked: an update of which Pulumi does not know what it changes."""
        return self.op == "update" and self.diff_reasons is None and self.detailed_diff is None


class Diagnostic(_Json):
    """A message of the engine or the program."""

    message: str = ""
    severity: str = ""
    urn: str = ""


class Digest(_Json):
    """A whole preview."""

    config: dict[str, str] = {}
    steps: list[Step]
    diagnostics: list[Diagnostic] = []
    change_summary: dict[str, int] = Field(default_factory=dict)


def read_digest(source: str) -> Digest:
    """The preview in a file, or on stdin for `-`.

    Raises InputError where it cannot be read, is not JSON, no preview, or a preview that failed.
    """
    name = "stdin" if source == "-" else source
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{name} is not JSON in UTF-8: {_MAKE}.") from None
    if not text.strip():
        raise InputError(f"{name} is empty: the preview failed before it began, and its stderr says why.")
    digest = _parsed(name, text)
    _refuse_a_failed_one(name, digest)
    return digest


def _parsed(name: str, text: str) -> Digest:
    try:
        value = json.loads(text)
    except ValueError as error:
        where = f"line {getattr(error, 'lineno', 1)}"
        raise InputError(f"{name} is not one JSON document ({where}): {_MAKE}, without stderr in it.") from None
    try:
        return Digest.model_validate(value)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise InputError(f"{name} is no preview of Pulumi ({where or 'no object'}): {_MAKE}.") from None


def _refuse_a_failed_one(name: str, digest: Digest) -> None:
    texts = [d.message.strip() for d in digest.diagnostics if d.severity == "error"]
    plain = [" ".join(t.removeprefix("error:").removeprefix(" an unhandled error occurred:").split()) for t in texts]
    reasons = list(dict.fromkeys(plain))
    rest = f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    if reasons:
        raise InputError(f"{name}: the preview failed: {'; '.join(reasons[:_REASONS])}{rest}")
