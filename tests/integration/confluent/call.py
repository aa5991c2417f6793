"""One call of the provider to the cloud, and what a service does with it."""

from dataclasses import dataclass, field
from typing import Protocol

from tests.integration.confluent.cloud import State
from tests.integration.confluent.values import Properties


@dataclass
class Call:
    """What a service needs to know; no value is wrapped as a secret here."""

    state: State
    config: Properties
    """The provider's own settings."""
    inputs: Properties
    outputs: Properties = field(default_factory=dict)
    """What is in Pulumi's state; nothing before it was made."""
    id: str = ""

    def given(self, *names: str) -> Properties:
        """Those of the inputs that are there."""
        return {name: self.inputs[name] for name in names if name in self.inputs}


class Service(Protocol):
    """All calls about one type of resource; each raises ApiError where the service refuses."""

    def name(self, call: Call) -> str:
        """What the service calls the object."""

    def create(self, call: Call) -> str:
        """Make the object and give its id, which the provider stores."""

    def settle(self, call: Call) -> None:
        """Wait until it is there: a failure leaves it in Pulumi's state."""

    def read(self, call: Call) -> Properties:
        """The outputs as the service sees the object."""

    def update(self, call: Call, changed: list[str]) -> None:
        """Change it in place."""

    def delete(self, call: Call) -> None:
        """Remove it; the provider forgives no 404."""
