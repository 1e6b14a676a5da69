"""Every setting, each an environment variable. A wrong value is refused by name, with what would be right."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "STET_"
_NOT_SETTINGS = "STET_TEST_"
_LONGEST_SHOWN = 200


class WrongSettings(ValueError):
    """The environment sets something unknown, or to a value that is not usable; the message says what."""


class Settings(BaseSettings):
    """What the environment says; an empty variable is none. `.env` files are not read: secrets come from the
    process's own environment."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("stet"), description="the archive's folder; `--home` goes before it"
    )
    model: str = Field(
        default="all-MiniLM-L6-v2",
        min_length=1,
        description="the sentence-transformers model, by name or folder; the default comes with Stet",
    )
    device: str | None = Field(default=None, description="where the model runs: cpu, cuda, mps; by default the best")
    reranker: str | None = Field(
        default=None,
        description="a sentence-transformers cross-encoder that reads the best entries again, by name or folder; "
        "empty: none",
    )
    reranker_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="what the cross-encoder's scores count beside Stet's own ranking, 0 to 1; 1: they alone rank",
    )
    source_size_limit: int = Field(
        default=100_000_000, ge=1_000, le=10_000_000_000, description="the largest source that is read, in bytes"
    )
    allow_local_addresses: bool = Field(
        default=False, description="whether sources may be read from this machine and its own network"
    )
    watch_every: float | None = Field(
        default=None,
        ge=1,
        le=86_400,
        description="how often, in seconds, the bot reads running blogs again; empty: not at all",
    )
    prefer: Literal["answers", "balanced", "silence"] = Field(
        default="balanced",
        description="what to do where an answer is in doubt: answers, balanced, or silence",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="how much is logged, on standard error"
    )
    slack_bot_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("SLACK_BOT_TOKEN", "STET_SLACK_BOT_TOKEN"),
        description="the bot's token, beginning xoxb-",
    )
    slack_app_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("SLACK_APP_TOKEN", "STET_SLACK_APP_TOKEN"),
        description="the app-level token for Socket Mode, beginning xapp-",
    )
    slack_api_url: str = Field(
        default="https://slack.com/api/",
        validation_alias=AliasChoices("SLACK_API_URL", "STET_SLACK_API_URL"),
        description="another base URL of Slack's Web API, for tests and proxies",
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_slash(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("an address that begins with https:// or http://")
        return value if value.endswith("/") else f"{value}/"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{_PREFIX}{name.upper()}"


def load() -> Settings:
    """Read the environment. Raises WrongSettings."""
    _refuse_unknown()
    try:
        return Settings()
    except ValidationError as error:
        raise WrongSettings("; ".join(_explain(one) for one in error.errors())) from None


def _refuse_unknown() -> None:
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        upper = name.upper()
        if upper.startswith(_PREFIX) and not upper.startswith(_NOT_SETTINGS) and upper not in known:
            near = difflib.get_close_matches(upper, known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            raise WrongSettings(f"{name} is no setting of Stet's; {meant}")


def _explain(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    where = str(error["loc"][0]) if error["loc"] else "settings"
    name = variable(where) if where in Settings.model_fields else where
    secret = "token" in where.lower()
    shown = "(not shown)" if secret else repr(error.get("input"))[:_LONGEST_SHOWN]
    return f"{name} is {shown}: {error['msg']}"
