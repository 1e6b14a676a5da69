"""The outermost edge: what ends a command, and with which status."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
import typer

from bot import edge
from retrieval.errors import ModelError


@pytest.mark.parametrize("said", [ImportError("initialization failed"), ModelError("it cannot be loaded", "look")])
def test_ctrl_c_that_a_library_turns_into_its_own_error_is_ctrl_c(
    said: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()

    @app.command()
    def load() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            raise said from None

    monkeypatch.setattr(sys, "argv", ["stet"])
    before = signal.getsignal(signal.SIGINT)
    assert edge.run(app) == 130
    assert capsys.readouterr().err.startswith("stet: stopped; what was stored is kept")
    assert signal.getsignal(signal.SIGINT) is before


def test_the_same_error_without_ctrl_c_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()

    @app.command()
    def load() -> None:
        raise ModelError("it cannot be loaded", "look")

    monkeypatch.setattr(sys, "argv", ["stet"])
    assert edge.run(app) == 2
    assert capsys.readouterr().err == "stet: it cannot be loaded; look\n"
