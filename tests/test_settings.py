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
    assert (read.encoder, read.precision, read.processes) == ("auto", "auto", None)
    assert (read.reranker, read.reranker_share) == (None, 0.5)
    assert (read.admins, read.guests, read.external) == ("", False, False)
    assert (read.keep_questions, read.keep_users) == (None, 30)
    assert (read.host, read.port) == ("127.0.0.1", None)
    assert (read.slack_bot_token, read.slack_app_token, read.slack_signing_secret) == (None, None, None)
    assert read.slack_api_url == "https://slack.com/api/"


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "home": "/srv/stet",
        "model": "a-model",
        "device": "cpu",
        "encoder": "openvino",
        "precision": "bf16",
        "processes": "6",
        "prefer": "silence",
        "reranker": "a-cross-encoder",
        "reranker_share": "1",
        "source_size_limit": "5000",
        "allow_local_addresses": "true",
        "watch_every": "45",
        "admins": " U012AB3CD , W9XYZ,",
        "guests": "true",
        "external": "1",
        "keep_questions": "90",
        "keep_users": "7",
        "host": "0.0.0.0",
        "port": "8080",
        "log_level": "debug",
        "slack_bot_token": "xoxb-1",
        "slack_app_token": "xapp-1",
        "slack_signing_secret": "5ecre7",
        "slack_api_url": "http://localhost:1/api",
    }
    assert given.keys() == Settings.model_fields.keys()
    for name, value in given.items():
        monkeypatch.setenv(f"STET_{name.upper()}", value)
    read = load()
    assert read.home == Path("/srv/stet")
    assert (read.model, read.device, read.source_size_limit, read.log_level) == ("a-model", "cpu", 5000, "DEBUG")
    assert (read.allow_local_addresses, read.watch_every, read.prefer) == (True, 45.0, "silence")
    assert (read.encoder, read.precision, read.processes) == ("openvino", "bf16", 6)
    assert (read.reranker, read.reranker_share) == ("a-cross-encoder", 1.0)
    assert (read.admins, read.guests, read.external) == ("U012AB3CD,W9XYZ", True, True)
    assert (read.keep_questions, read.keep_users, read.host, read.port) == (90, 7, "0.0.0.0", 8080)
    assert read.slack_bot_token is not None
    assert read.slack_bot_token.get_secret_value() == "xoxb-1"
    assert read.slack_app_token is not None
    assert read.slack_app_token.get_secret_value() == "xapp-1"
    assert read.slack_signing_secret is not None
    assert read.slack_signing_secret.get_secret_value() == "5ecre7"
    assert read.slack_api_url == "http://localhost:1/api/"
    for secret in ("xoxb-1", "xapp-1", "5ecre7"):
        assert secret not in repr(read)
        assert secret not in str(read.model_dump())


def test_slack_s_own_variables_go_before_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-2")
    monkeypatch.setenv("STET_SLACK_BOT_TOKEN", "xoxb-1")
    read = load()
    assert read.slack_bot_token is not None
    assert read.slack_bot_token.get_secret_value() == "xoxb-2"
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "theirs")
    monkeypatch.setenv("STET_SLACK_SIGNING_SECRET", "ours")
    secret = load().slack_signing_secret
    assert secret is not None
    assert secret.get_secret_value() == "theirs"
    assert variable("slack_bot_token") == "SLACK_BOT_TOKEN"
    assert variable("slack_signing_secret") == "SLACK_SIGNING_SECRET"
    assert variable("home") == "STET_HOME"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in (
        "HOME",
        "MODEL",
        "SOURCE_SIZE_LIMIT",
        "RERANKER",
        "ADMINS",
        "GUESTS",
        "KEEP_QUESTIONS",
        "HOST",
        "PORT",
    ):
        monkeypatch.setenv(f"STET_{name}", "")
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "")
    read = load()
    assert (read.home, read.model, read.slack_bot_token) == (tmp_path / "stet", "all-MiniLM-L6-v2", None)
    assert (read.reranker, read.admins, read.guests) == (None, "", False)
    assert (read.keep_questions, read.host, read.port) == (None, "127.0.0.1", None)
    assert read.slack_signing_secret is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STET_SOURCE_SIZE_LIMIT", "lots", "STET_SOURCE_SIZE_LIMIT is 'lots': Input should be a valid integer"),
        (
            "STET_SOURCE_SIZE_LIMIT",
            "3",
            "STET_SOURCE_SIZE_LIMIT is '3': Input should be greater than or equal to 1000",
        ),
        ("STET_PROCESSES", "0", "STET_PROCESSES is '0': Input should be greater than or equal to 1"),
        ("STET_PROCESSES", "65", "STET_PROCESSES is '65': Input should be less than or equal to 64"),
        ("STET_LOG_LEVEL", "loud", "STET_LOG_LEVEL is 'LOUD': Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("STET_WATCH_EVERY", "0", "STET_WATCH_EVERY is '0': Input should be greater than or equal to 1"),
        ("STET_RERANKER_SHARE", "1.1", "STET_RERANKER_SHARE is '1.1': Input should be less than or equal to 1"),
        ("STET_RERANKER_SHARE", "-.1", "STET_RERANKER_SHARE is '-.1': Input should be greater than or equal to 0"),
        ("STET_RERANKER_SHARE", "nan", "STET_RERANKER_SHARE is 'nan': Input should be a finite number"),
        ("STET_RERANKER_SHARE", "half", "STET_RERANKER_SHARE is 'half': Input should be a valid number"),
        ("STET_ALLOW_LOCAL_ADDRESSES", "perhaps", "STET_ALLOW_LOCAL_ADDRESSES is 'perhaps': Input should be a valid"),
        ("STET_ADMINS", "editor", "STET_ADMINS is 'editor': Value error, ids such as U012AB3CD, joined by commas"),
        ("STET_ADMINS", "U012AB3CD C012AB3CD", "STET_ADMINS is 'U012AB3CD C012AB3CD': Value error, ids such as"),
        ("STET_ADMINS", "U012AB3CD,C012AB3CD", "STET_ADMINS is 'U012AB3CD,C012AB3CD': Value error, ids such as"),
        ("STET_GUESTS", "some", "STET_GUESTS is 'some': Input should be a valid boolean"),
        ("STET_EXTERNAL", "3", "STET_EXTERNAL is '3': Input should be a valid boolean"),
        ("STET_KEEP_QUESTIONS", "0", "STET_KEEP_QUESTIONS is '0': Input should be greater than or equal to 1"),
        ("STET_KEEP_QUESTIONS", "3651", "STET_KEEP_QUESTIONS is '3651': Input should be less than or equal to 3650"),
        ("STET_KEEP_QUESTIONS", "for ever", "STET_KEEP_QUESTIONS is 'for ever': Input should be a valid integer"),
        ("STET_KEEP_USERS", "0", "STET_KEEP_USERS is '0': Input should be greater than or equal to 1"),
        ("STET_KEEP_USERS", "3651", "STET_KEEP_USERS is '3651': Input should be less than or equal to 3650"),
        ("STET_PORT", "65536", "STET_PORT is '65536': Input should be less than or equal to 65535"),
        ("STET_PORT", "-1", "STET_PORT is '-1': Input should be greater than or equal to 0"),
        ("STET_PORT", "http", "STET_PORT is 'http': Input should be a valid integer"),
        ("STET_HOST", "x" * 254, "STET_HOST is 'xxxx"),
        ("STET_HOST", "x" * 254, "xxx: String should have at most 253 characters"),
        ("STET_SLACK_SIGNING_SECRE", "secret", "did you mean STET_SLACK_SIGNING_SECRET?"),
        ("SLACK_API_URL", "slack", "SLACK_API_URL is 'slack': Value error, an address that begins with https://"),
        ("STET_HOEM", "/srv", "STET_HOEM is no setting of Stet's; did you mean STET_HOME?"),
        ("STET_MODLE", "x", "STET_MODLE is no setting of Stet's; did you mean STET_MODEL?"),
        ("stet_hoem", "/srv", "stet_hoem is no setting of Stet's; did you mean STET_HOME?"),
        ("STET_SLACK_BOT_TOKN", "xoxb-secret", "did you mean STET_SLACK_BOT_TOKEN?"),
        (
            "STET_QQQQQQQQ",
            "x",
            "known are STET_ADMINS, STET_ALLOW_LOCAL_ADDRESSES, STET_DEVICE, STET_ENCODER, STET_EXTERNAL, ",
        ),
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
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "5ecre7")
    with pytest.raises(WrongSettings) as raised:
        load()
    assert "5ecre7" not in str(raised.value)
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
