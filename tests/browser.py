"""The system's Chromium, driven by Playwright: pages are opened as a reader opens them, without a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser. Skips where it is not installed; fails there under CI."""
    path = shutil.which("chromium")
    if path is None:
        reason = "there is no chromium on the PATH: install the Debian package chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, file: Path, *, width: int = 1280, scheme: Literal["dark", "light"] = "light"
) -> Iterator[Page]:
    """A file opened in a window of that width; it asked for nothing but itself, and ran nothing that failed or
    spoke."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(file.as_uri())
    try:
        yield page
    finally:
        context.close()
    assert [one.partition("#")[0] for one in asked] == [file.as_uri()]
    assert said == []
