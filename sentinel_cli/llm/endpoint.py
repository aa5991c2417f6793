"""Which endpoint is configured, and what may be asked of it."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_state_path
from pydantic import SecretStr

from sentinel_cli.llm.prices import Price, known_price
from sentinel_cli.settings import LlmProvider, Settings, is_here, load_settings, variable
from sql.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """Of one day of UTC; None is no limit."""

    calls: int | None = None
    """Requests, repeats included."""
    tokens: int | None = None
    cost: Decimal | None = None
    """US dollars."""


@dataclass(frozen=True)
class Endpoint:
    """A model's endpoint; its key never shows."""

    provider: LlmProvider
    url: str
    model: str
    """What a request names: of Azure the deployment."""
    family: str
    """The model behind it, whose name says which parameters it takes and what it costs."""
    api_version: str = ""
    key: SecretStr = field(default_factory=lambda: SecretStr(""))
    parallelism: int = 10
    timeout: float = 30
    """Seconds for a request, from its beginning to the end of its answer."""
    retries: int = 3
    limits: Limits = Limits()
    spent: Path = Path()
    """The file of what a day has cost; there is none without limits."""
    price: Price | None = None

    @property
    def name(self) -> str:
        """What stands in the column `model` of a row that it was asked for."""
        return f"{self.provider}/{self.model}"


def find_endpoint() -> Endpoint | None:
    """
    The endpoint that credentials.env or the environment name; None where they name none.

    No stack has one, so that none is asked for its outputs.

    Raises:
        SettingsError: a value is missing or wrong, or a key would travel unencrypted.
    """
    settings = load_settings([], "")
    if not settings.llm_endpoint:
        if {"llm_provider", "llm_model", "llm_deployment", "llm_api_key"} & settings.model_fields_set:
            raise SettingsError(f"{variable('llm_endpoint')} is missing, though other values of a model are set.")
        return None
    return _endpoint(settings)


def _endpoint(settings: Settings) -> Endpoint:
    provider = settings.llm_provider
    is_azure = provider is LlmProvider.azureopenai
    needed = ["llm_deployment", "llm_api_version", "llm_api_key"] if is_azure else ["llm_model"]
    needed += ["llm_api_key"] if provider is LlmProvider.bedrock else []
    if missing := [variable(name) for name in needed if name not in settings.model_fields_set]:
        raise SettingsError(f"Missing: {', '.join(missing)}; the provider {provider} needs it.")
    _check_url(settings)
    model = settings.llm_deployment if is_azure else settings.llm_model
    family = settings.llm_model or model
    limits = Limits(settings.llm_budget_calls, settings.llm_budget_tokens, settings.llm_budget_cost)
    return Endpoint(
        provider,
        settings.llm_endpoint.rstrip("/"),
        model,
        family,
        settings.llm_api_version if is_azure else "",
        settings.llm_api_key,
        settings.llm_parallelism,
        settings.llm_timeout,
        settings.llm_retries,
        limits,
        Path(settings.llm_budget_file or user_state_path("sentinel-aml") / "spent.sqlite"),
        _price(settings, family, limits),
    )


def _check_url(settings: Settings) -> None:
    name, url = variable("llm_endpoint"), urlsplit(settings.llm_endpoint)
    if settings.llm_provider is LlmProvider.azureopenai and "/openai" in url.path:
        raise SettingsError(f"{name} is the URL of the Azure resource alone: leave out {url.path}.")
    if url.path.rstrip("/").endswith("/chat/completions"):
        raise SettingsError(f"{name} is the base of the API: leave out /chat/completions.")
    if settings.llm_api_key.get_secret_value() and url.scheme != "https" and not is_here(url.hostname or ""):
        raise SettingsError(f"{name} must begin with https:// where the endpoint has a key.")


def _price(settings: Settings, family: str, limits: Limits) -> Price | None:
    given = settings.llm_price_input, settings.llm_price_output
    names = f"{variable('llm_price_input')} and {variable('llm_price_output')}"
    if given[0] is not None and given[1] is not None:
        return Price(given[0], given[1])
    if given != (None, None):
        raise SettingsError(f"A price has two parts: set both {names}, or neither.")
    price = known_price(family)
    if price is None and limits.cost is not None:
        raise SettingsError(f"{variable('llm_budget_cost')} needs a price, and none is known of {family}: set {names}.")
    return price
