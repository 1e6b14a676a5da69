from __future__ import annotations

import hashlib
import io
import os
import sys
from pathlib import Path

import pytest

from retrieval import sources
from retrieval.errors import DiskError, NotALiveBlog, UsageError
from retrieval.model import SourceOptions
from retrieval.sources.document import Document


def document(data: bytes) -> Document:
    return Document(locator="/x/flood.txt", name="flood.txt", data=data)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        (b"\xef\xbb\xbfwith a mark", "with a mark"),
        ("“quoted” 🌊 e\u0301".encode(), "“quoted” 🌊 e\u0301"),
        (b"one\r\ntwo\rthree\n", "one\r\ntwo\rthree\n"),
    ],
)
def test_the_characters_are_those_of_the_file(data: bytes, text: str) -> None:
    assert document(data).text == text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "flood.txt is empty"),
        (b" \r\n\t ", "flood.txt is empty"),
        (b"abc\0def", "flood.txt is a binary file (a NUL byte at offset 3)"),
        ("caf\u00e9".encode("latin-1"), "flood.txt is not UTF-8: byte 0xe9 at offset 3, line 1"),
        (b"one\ntwo\n\x93three\x94", "flood.txt is not UTF-8: byte 0x93 at offset 8, line 3"),
        (b"\xed\xa0\x80", "flood.txt is not UTF-8: byte 0xed at offset 0, line 1"),
        ("The river".encode("utf-16"), "flood.txt is a binary file (a NUL byte at offset 3)"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place(data: bytes, message: str) -> None:
    with pytest.raises(NotALiveBlog) as caught:
        _ = document(data).text
    assert caught.value.message == message
    with pytest.raises(NotALiveBlog):
        sources.read(document(data), SourceOptions())


def test_a_file_is_loaded_whole_with_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flood.txt").write_bytes(b"The river rose.")
    monkeypatch.chdir(tmp_path)
    loaded = sources.load("flood.txt", 15)
    assert (loaded.locator, loaded.name, loaded.data) == (
        str(tmp_path / "flood.txt"),
        "flood.txt",
        b"The river rose.",
    )
    assert loaded.sha256 == hashlib.sha256(b"The river rose.").hexdigest()


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flood.txt").write_bytes(b"x" * 16)
    with pytest.raises(UsageError, match=r"flood\.txt is larger than 0 MB") as caught:
        sources.load(str(tmp_path / "flood.txt"), 15)
    assert "STET_SOURCE_SIZE_LIMIT" in caught.value.hint


def test_standard_input_is_a_document_without_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"The river rose.")))
    loaded = sources.load("-", 15)
    assert (loaded.locator, loaded.name, loaded.text) == ("-", "standard input", "The river rose.")


@pytest.mark.parametrize(
    ("source", "says"), [("nowhere.txt", "does not exist"), (".", "cannot be read"), ("a\0b", "cannot be read")]
)
def test_what_cannot_be_read_is_refused_by_name(
    source: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says) as caught:
        sources.load(source, 100)
    assert caught.value.message.startswith(source)


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError, match=r"flood\.txt may not be read; give your user permission"):
        sources.load(str(tmp_path / "flood.txt"), 100)


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/fl\xf6d.txt")
    Path(name).write_bytes(b"The river rose.")
    with pytest.raises(UsageError, match=r"fl\\xf6d\.txt is not UTF-8") as caught:
        sources.load(name, 100)
    assert str(caught.value).encode()


def test_a_folder_gives_its_files_below_sorted_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.txt", "a/.hidden", ".git/config", "a/b/d.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    found = sources.files_in(str(tmp_path))
    assert found == [str(tmp_path / name) for name in ("a/b/d.jsonl", "a/c.txt", "b.txt")]
    assert sources.files_in(str(tmp_path / "b.txt")) is None
    assert sources.files_in("-") is None
    assert sources.files_in(str(tmp_path / "gone")) is None


def test_a_folder_without_permission_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DiskError, match=r"the folder .* may not be read") as caught:
        sources.files_in(str(tmp_path))
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("format_", sources.FORMATS, ids=lambda format_: str(format_.NAME))
def test_every_format_says_no_to_a_stranger(format_: sources.Format) -> None:
    assert format_.detect(document(b"The river rose.")) is False
