from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval import sources
from retrieval.errors import DiskError, NotALiveBlog, SourceMissing, SourceRefused, StetError, UsageError
from retrieval.model import SourceOptions
from retrieval.sources import formats
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
    ("source", "kind", "says"),
    [
        ("nowhere.txt", SourceMissing, "nowhere.txt does not exist; check the path"),
        (".", UsageError, ". cannot be read: "),
        ("a\0b", UsageError, "a\0b cannot be read: "),
        ("https:/news.example", SourceMissing, "https:/news.example does not exist; check the path"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    source: str, kind: type[StetError], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind) as caught:
        sources.load(source, 100)
    assert str(caught.value).startswith(says)


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (str(tmp_path / "pipe"), "/dev/null"):
        with pytest.raises(UsageError) as caught:
            sources.load(source, 100)
        assert str(caught.value) == (
            f"{source} is no regular file; save what comes from it as a file, or hand it over on standard input and "
            "give - as the source"
        )


def test_a_refusal_names_a_source_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "flood.txt").write_bytes(b"The river rose.")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotALiveBlog, match=r"^no live-blog entries found in live/flood\.txt, which looks like plain"):
        sources.read(sources.load("live/flood.txt", 100), SourceOptions())


# ------------------------------------------------------------------------------------------------ gzip


@pytest.mark.parametrize("name", ["flood.ndjson.gz", "flood.ndjson.GZ"])
def test_a_gzip_file_is_what_is_within_under_its_inner_name(tmp_path: Path, name: str) -> None:
    packed = gzip.compress(b'{"id": "1"}\n') + gzip.compress(b"") + gzip.compress(b'{"id": "2"}\n') + b"\0" * 600
    (tmp_path / name).write_bytes(packed)
    found = sources.load(str(tmp_path / name), 1_000)
    assert (found.name, found.locator) == ("flood.ndjson", str(tmp_path / name))
    assert found.data == b'{"id": "1"}\n{"id": "2"}\n'
    assert found.sha256 == hashlib.sha256(found.data).hexdigest()


def test_what_is_gzip_is_told_by_its_first_bytes_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "flood.txt").write_bytes(gzip.compress(b"The river rose."))
    (tmp_path / "plain.gz").write_bytes(b"The river rose.")
    for name in ("flood.txt", "plain.gz"):
        found = sources.load(str(tmp_path / name), 1_000)
        assert (found.name, found.text) == (name, "The river rose.")


def test_standard_input_may_be_gzip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"The river rose."))))
    assert sources.load("-", 100).text == "The river rose."


def test_a_gzip_bomb_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(b"\0" * 200_000_000, 1))
    limit = 2_000_000
    assert bomb.stat().st_size < limit
    tracemalloc.start()
    try:
        with pytest.raises(UsageError) as caught:
            sources.load(str(bomb), limit)
        assert tracemalloc.get_traced_memory()[1] < 4 * limit
    finally:
        tracemalloc.stop()
    assert str(caught.value) == (
        f"{bomb} is larger than 2 MB when it is decompressed; split it, or raise STET_SOURCE_SIZE_LIMIT"
    )


def test_the_limit_holds_over_all_members_to_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "flood.gz"
    file.write_bytes(gzip.compress(b"x" * 60) + gzip.compress(b"y" * 40))
    assert len(sources.load(str(file), 100).data) == 100
    with pytest.raises(UsageError, match="when it is decompressed"):
        sources.load(str(file), 99)


def test_very_many_members_are_refused_quickly(tmp_path: Path) -> None:
    file = tmp_path / "flood.gz"
    file.write_bytes(gzip.compress(b"") * 150_000)
    with pytest.raises(SourceRefused, match=r"flood\.gz is gzip of more than 100000 members; decompress it"):
        sources.load(str(file), 10_000_000)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda packed: packed[:-1], "is gzip, but its end is missing; copy or download it again, whole"),
        (lambda packed: packed[:3], "is gzip, but its end is missing"),
        (lambda packed: packed + packed[:20], "is gzip, but its end is missing"),
        (
            lambda packed: packed + b"rubbish",
            "is gzip, but damaged: Error -3 while decompressing data: incorrect header",
        ),
        (lambda packed: packed[:20] + b"\xff" * 20 + packed[40:], "is gzip, but damaged: "),
        (lambda packed: packed[:-8] + b"\0" * 8, "is gzip, but damaged: "),
    ],
    ids=["cut", "cut in the header", "cut in the second", "something after it", "overwritten", "a wrong sum"],
)
def test_gzip_that_is_damaged_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes], said: str) -> None:
    file = tmp_path / "flood.ndjson.gz"
    file.write_bytes(damage(gzip.compress(bytes(range(256)) * 9)))
    with pytest.raises(SourceRefused) as caught:
        sources.load(str(file), 10_000)
    assert str(caught.value).startswith(f"{file} {said}")


# ------------------------------------------------------------------------------------------------ places


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("https://news.example/live", True),
        ("HTTP://news.example", True),
        ("ftp://news.example", True),
        ("-", False),
        ("flood.txt", False),
        ("/srv/http://x", False),
        ("C:\\flood.txt", False),
        ("", False),
    ],
)
def test_an_address_is_known_by_its_scheme(source: str, is_one: bool) -> None:
    assert sources.is_address(source) is is_one


def test_a_place_is_called_as_load_calls_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sources.locator_of("-") == "-"
    assert sources.locator_of("gone/../flood.txt") == str(tmp_path / "flood.txt")
    assert sources.locator_of("a\0b") == "a\0b"
    assert sources.locator_of("HTTPS://News.Example:443/live?page=1#entry-3") == "https://news.example/live?page=1"
    assert sources.locator_of("https://news.example") == "https://news.example/"
    assert sources.locator_of("ftp://news.example") == "ftp://news.example"


def test_an_address_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:" / "news.example").mkdir(parents=True)
    assert sources.files_in("http://news.example") is None


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


def test_folders_nested_deep_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1_200):
        Path("d").mkdir()
        os.chdir("d")
    Path("b.txt").write_bytes(b"x")
    os.chdir(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"x")
    with contextlib.suppress(StetError):  # a name so long may be refused by the system, which is said
        assert [Path(one).name for one in sources.files_in(".") or []] == ["a.txt", "b.txt"]
    while (tmp_path / "d").exists():
        inner = tmp_path / "d" / "d"
        if inner.exists():
            inner.rename(tmp_path / "e")
        for one in (tmp_path / "d").iterdir():
            one.unlink()
        (tmp_path / "d").rmdir()
        if (tmp_path / "e").exists():
            (tmp_path / "e").rename(tmp_path / "d")


def test_a_folder_without_permission_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DiskError, match=r"the folder .* may not be read") as caught:
        sources.files_in(str(tmp_path))
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("format_", formats.FORMATS, ids=lambda format_: str(format_.NAME))
def test_every_format_says_no_to_a_stranger(format_: formats.Format) -> None:
    assert format_.detect(document(b"The river rose.")) is False
