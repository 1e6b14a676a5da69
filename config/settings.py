"""Every setting, each an environment variable. A wrong value is refused by name, with what would be right."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "STET_"
_NOT_SETTINGS = "STET_TEST_"
_LONGEST_SHOWN = 200
_USER = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)


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
    encoder: Literal["auto", "torch", "openvino"] = Field(
        default="auto",
        description="what runs the model: torch, openvino (the extra), or auto: openvino where it is installed and "
        "the model runs on the processor",
    )
    precision: Literal["auto", "float32", "bf16"] = Field(
        default="auto",
        description="the numbers that it runs in: float32, bf16 (where the processor has it; about as good), or "
        "auto: the faster",
    )
    processes: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="how many processes encode, where thousands of texts are to be; empty: as many as pay; `serve` "
        "starts none",
    )
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
    admins: str = Field(
        default="",
        description="the Slack ids of those who may set channels and see the figures in App Home, joined by commas",
    )
    guests: bool = Field(
        default=False, description="whether guests see live blogs that are limited to channels, in those channels"
    )
    external: bool = Field(
        default=False,
        description="whether people of other organisations, and channels shared with them, see such live blogs",
    )
    keep_questions: int | None = Field(
        default=None,
        ge=1,
        le=3_650,
        description="for how many days the text of questions is kept, for `stet report`; empty: not at all",
    )
    keep_users: int = Field(
        default=30, ge=1, le=3_650, description="after how many days it is forgotten who asked, and who was asked"
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        max_length=253,
        description="the address that `serve` listens on, where it does; a container needs 0.0.0.0",
    )
    port: int | None = Field(
        default=None,
        ge=0,
        le=65_535,
        description="the port of `serve`, 3000 with `--mode http`; with Socket Mode empty: none is opened",
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
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("SLACK_SIGNING_SECRET", "STET_SLACK_SIGNING_SECRET"),
        description="the app's signing secret, which proves who sends; for `serve --mode http`",
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

    @field_validator("admins")
    @classmethod
    def _ids(cls, value: str) -> str:
        ids = [one.strip() for one in value.split(",") if one.strip()]
        if not all(_USER.fullmatch(one) for one in ids):
            raise ValueError("ids such as U012AB3CD, joined by commas")
        return ",".join(ids)

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


def table() -> list[str]:
    """README's table of all settings, line by line: variable, default, what it sets."""
    lines = ["| variable | default | what it sets |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`"
        default = "the user's data folder" if name == "home" else default
        lines.append(f"| `{variable(name)}` | {default} | {field.description} |".replace("|  |", "| |"))
    return lines


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
    secret = any(word in where.lower() for word in ("token", "secret"))
    shown = "(not shown)" if secret else repr(error.get("input"))[:_LONGEST_SHOWN]
    return f"{name} is {shown}: {error['msg']}"


if __name__ == "__main__":
    print("\n".join(table()))  # noqa: T201 (for README)
