"""Manifests that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import DamagedSnapshot, ForeignSnapshot, NoSnapshot, OlderSnapshot
from tests.made_up_index import (
    build,
    manifest_changed,
    refused,
)


def test_without_a_manifest_there_is_no_snapshot(tmp_path: Path) -> None:
    assert "there is no index in" in refused(tmp_path, NoSnapshot)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(change=99),
        lambda body: body["model"].update(fingerprint="0" * 64),
        lambda body: body["segments"][0].update(passages=1),
        lambda body: body.pop("sha256"),
        lambda body: body.update(more=1),
    ],
)
def test_an_altered_manifest_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, change)
    assert refused(tmp_path, DamagedSnapshot).endswith("manifest.json was changed after it was written")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    build(tmp_path)
    (tmp_path / "manifest.json").write_bytes(data)
    assert refused(tmp_path, DamagedSnapshot).endswith("is no JSON")


@pytest.mark.parametrize(("found", "shown"), [(0, "0"), (5, "5"), (None, "None"), ("4", "'4'")])
def test_a_manifest_of_another_format_is_foreign(tmp_path: Path, found: object, shown: str) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, lambda body: body.update(format=found), signed=True)
    assert f"has the format {shown}, this Stet knows 4" in refused(tmp_path, ForeignSnapshot)


@pytest.mark.parametrize("data", [b"[]", b"1", b"null"])
def test_json_that_is_no_manifest_is_foreign(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(data)
    refused(tmp_path, ForeignSnapshot)


def test_vectors_of_another_dimension_than_the_manifest_s_are_refused(tmp_path: Path) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, lambda body: body["model"].update(dimension=384), signed=True)
    assert refused(tmp_path, DamagedSnapshot).endswith("vectors.npy is not what the manifest says")


def test_token_vectors_of_another_width_than_the_manifest_s_are_refused(tmp_path: Path) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, lambda body: body["model"].update(width=2), signed=True)
    assert refused(tmp_path, DamagedSnapshot).endswith("tokens.npy is not what the manifest says")


@pytest.mark.parametrize("earlier", [1, 2, 3])
def test_a_manifest_of_an_earlier_stet_is_told_apart(tmp_path: Path, earlier: int) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, lambda body: body.update(format=earlier), signed=True)
    assert f"has the format {earlier}, this Stet knows 4" in refused(tmp_path, OlderSnapshot)
