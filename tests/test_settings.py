"""Settings come from the environment alone; a wrong or unknown one is refused by name, no secret is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import wiring
from config.settings import Settings, WrongSettings, load, variable


def test_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    read = load()
    assert read.home == tmp_path / "stet"
    assert (read.model, read.device, read.log_level) == ("all-MiniLM-L6-v2", None, "WARNING")
    assert read.source_size_limit == 100_000_000
    assert (read.allow_local_addresses, read.watch_every) == (False, None)
    assert (read.reranker, read.reranker_share) == (None, 0.5)
    assert (read.slack_bot_token, read.slack_app_token) == (None, None)
    assert read.slack_api_url == "https://slack.com/api/"


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "home": "/srv/stet",
        "model": "a-model",
        "device": "cpu",
        "prefer": "silence",
        "reranker": "a-cross-encoder",
        "reranker_share": "1",
        "source_size_limit": "5000",
        "allow_local_addresses": "true",
        "watch_every": "45",
        "log_level": "debug",
        "slack_bot_token": "xoxb-1",
        "slack_app_token": "xapp-1",
        "slack_api_url": "http://localhost:1/api",
    }
    assert given.keys() == Settings.model_fields.keys()
    for name, value in given.items():
        monkeypatch.setenv(f"STET_{name.upper()}", value)
    read = load()
    assert read.home == Path("/srv/stet")
    assert (read.model, read.device, read.source_size_limit, read.log_level) == ("a-model", "cpu", 5000, "DEBUG")
    assert (read.allow_local_addresses, read.watch_every, read.prefer) == (True, 45.0, "silence")
    assert (read.reranker, read.reranker_share) == ("a-cross-encoder", 1.0)
    assert read.slack_bot_token is not None
    assert read.slack_bot_token.get_secret_value() == "xoxb-1"
    assert read.slack_app_token is not None
    assert read.slack_app_token.get_secret_value() == "xapp-1"
    assert read.slack_api_url == "http://localhost:1/api/"
    assert "xoxb-1" not in repr(read)
    assert "xapp-1" not in repr(read)


def test_slack_s_own_variables_go_before_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-2")
    monkeypatch.setenv("STET_SLACK_BOT_TOKEN", "xoxb-1")
    read = load()
    assert read.slack_bot_token is not None
    assert read.slack_bot_token.get_secret_value() == "xoxb-2"
    assert variable("slack_bot_token") == "SLACK_BOT_TOKEN"
    assert variable("home") == "STET_HOME"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("STET_HOME", "STET_MODEL", "STET_SOURCE_SIZE_LIMIT", "STET_RERANKER", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "")
    read = load()
    assert (read.home, read.model, read.slack_bot_token) == (tmp_path / "stet", "all-MiniLM-L6-v2", None)
    assert read.reranker is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STET_SOURCE_SIZE_LIMIT", "lots", "STET_SOURCE_SIZE_LIMIT is 'lots': Input should be a valid integer"),
        (
            "STET_SOURCE_SIZE_LIMIT",
            "3",
            "STET_SOURCE_SIZE_LIMIT is '3': Input should be greater than or equal to 1000",
        ),
        ("STET_LOG_LEVEL", "loud", "STET_LOG_LEVEL is 'LOUD': Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("STET_WATCH_EVERY", "0", "STET_WATCH_EVERY is '0': Input should be greater than or equal to 1"),
        ("STET_RERANKER_SHARE", "1.1", "STET_RERANKER_SHARE is '1.1': Input should be less than or equal to 1"),
        ("STET_RERANKER_SHARE", "-.1", "STET_RERANKER_SHARE is '-.1': Input should be greater than or equal to 0"),
        ("STET_RERANKER_SHARE", "nan", "STET_RERANKER_SHARE is 'nan': Input should be a finite number"),
        ("STET_RERANKER_SHARE", "half", "STET_RERANKER_SHARE is 'half': Input should be a valid number"),
        ("STET_ALLOW_LOCAL_ADDRESSES", "perhaps", "STET_ALLOW_LOCAL_ADDRESSES is 'perhaps': Input should be a valid"),
        ("SLACK_API_URL", "slack", "SLACK_API_URL is 'slack': Value error, an address that begins with https://"),
        ("STET_HOEM", "/srv", "STET_HOEM is no setting of Stet's; did you mean STET_HOME?"),
        ("STET_MODLE", "x", "STET_MODLE is no setting of Stet's; did you mean STET_MODEL?"),
        ("stet_hoem", "/srv", "stet_hoem is no setting of Stet's; did you mean STET_HOME?"),
        ("STET_SLACK_BOT_TOKN", "xoxb-secret", "did you mean STET_SLACK_BOT_TOKEN?"),
        ("STET_QQQQQQQQ", "x", "known are STET_ALLOW_LOCAL_ADDRESSES, STET_DEVICE, STET_HOME, STET_LOG_LEVEL"),
    ],
)
def test_a_wrong_or_unknown_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as raised:
        load()
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


def test_all_wrong_settings_are_told_at_once_and_no_long_value_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STET_SOURCE_SIZE_LIMIT", "9" * 5_000)
    monkeypatch.setenv("STET_LOG_LEVEL", "loud")
    with pytest.raises(WrongSettings) as raised:
        load()
    assert "STET_SOURCE_SIZE_LIMIT is " in str(raised.value)
    assert "STET_LOG_LEVEL is 'LOUD'" in str(raised.value)
    assert len(str(raised.value)) < 1_000


def test_home_goes_before_the_variable_and_a_tilde_is_the_user_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STET_HOME", "~/archive")
    assert wiring.settings().home == tmp_path / "archive"
    assert wiring.settings(Path("~/other")).home == tmp_path / "other"
    monkeypatch.setenv("STET_HOME", "~nobody-of-that-name/archive")
    with pytest.raises(wiring.SettingsError, match="names no user's home"):
        wiring.settings()
