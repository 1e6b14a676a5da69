"""Reading an address, over a real socket: what is taken, and that nothing hostile is."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import importlib.metadata
import itertools
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import (
    NotALiveBlog,
    SourceError,
    SourceMissing,
    SourceRefused,
    SourceUnreachable,
    StetError,
    UsageError,
)
from retrieval.model import SourceOptions
from retrieval.sources import Document, NotModified, Seen, addresses, charset, fetch, gzipped
from retrieval.sources.fetch import Patience
from tests.web_server import Asked, WebServer, dripping, page

LIMIT = 100_000
BLOG = "<html><body><time>9.05am</time> The gates of the Quillhaven regatta opened at nine — “late”.</body></html>"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def load(url: str) -> Document:
    return sources.load(url, LIMIT, allow_local=True)


def refused(url: str, kind: type[StetError]) -> str:
    """The one line that says why an address is not taken."""
    with pytest.raises(kind) as caught:
        load(url)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def public_but(*local: str) -> Callable[[str], bool]:
    """Every address is of the open internet, these excepted: what makes loopback stand for it."""
    return lambda address: address not in local


# ------------------------------------------------------------------------------------------------ pages


def test_a_page_is_a_document_that_says_where_it_was_found(web: WebServer) -> None:
    headers = {"ETag": '"one"', "Last-Modified": "Sat, 14 Jun 2031 15:40:00 GMT", "Content-Type": "text/html"}
    web.answer("/2031/regatta.html", BLOG, headers=headers)
    given = web.url.replace("http://", "HTTP://") + "/2031/regatta.html?page=1#entry-7"
    found = load(given)
    assert found == Document(
        locator=f"{web.url}/2031/regatta.html?page=1",
        name="regatta.html",
        data=BLOG.encode(),
        address=f"{web.url}/2031/regatta.html?page=1",
        etag='"one"',
        last_modified="Sat, 14 Jun 2031 15:40:00 GMT",
    )
    [asked] = web.asked
    assert asked.target == "/2031/regatta.html?page=1"
    assert asked.headers["host"] == f"127.0.0.1:{web.port}"
    assert re.fullmatch(r"Stet(/\d[\w.]*)?", asked.headers["user-agent"])  # of a checkout no version is known
    assert asked.headers["accept-encoding"] == "gzip"
    assert not asked.headers.keys() & {"cookie", "authorization", "if-none-match", "if-modified-since", "referer"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("/live/", "live"),
        ("/r%C3%A9gate.ndjson", "régate.ndjson"),
        ("/a%2Fb%0A%1b[2Jc", "b[2Jc"),
        ("/" + "x" * 300, "x" * 200),
    ],
)
def test_the_name_is_the_last_part_of_the_path_or_the_host(web: WebServer, path: str, name: str) -> None:
    web.reply(path or "/", lambda _: [page(b"x")])
    web._replies.setdefault("/a%2Fb%0A%1B[2Jc", lambda _: [page(b"x")])
    assert load(web.url + path).name == name


def test_a_page_may_come_in_chunks_and_compressed(web: WebServer) -> None:
    body = gzip.compress(BLOG.encode())
    head = page(b"", headers={"Content-Length": "0"}).replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip"
    )
    chunks = [b"%x\r\n%b\r\n" % (len(body[at : at + 7]), body[at : at + 7]) for at in range(0, len(body), 7)]
    url = web.reply("/live", lambda _: [head, *chunks, b"0\r\n\r\n"])
    assert load(url).text == BLOG


def test_a_gzip_file_on_the_web_is_read_by_its_inner_name(web: WebServer) -> None:
    url = web.answer("/regatta.ndjson.gz", gzip.compress(b'{"id": "1"}'))
    found = load(url)
    assert (found.name, found.data, found.locator) == ("regatta.ndjson", b'{"id": "1"}', url)


def test_the_customer_s_document_reads_from_the_web_as_from_a_file(web: WebServer, seed: Path) -> None:
    options = SourceOptions(date=date(2014, 8, 26), timezone="Europe/London")
    url = web.answer(f"/{seed.name}.gz", gzip.compress(seed.read_bytes()), headers={"Content-Type": "text/plain"})
    found = sources.load(url, 1_000_000, allow_local=True)
    assert found.name == seed.name
    assert found.data == seed.read_bytes()
    read = sources.read(found, options)
    assert len(read.entries) == 11
    assert read.entries == sources.read(sources.load(str(seed), 1_000_000), options).entries


def test_an_ipv6_address_is_asked_by_its_name_in_brackets() -> None:
    with WebServer(host="::1") as web:
        url = web.answer("/live", BLOG)
        assert load(url).text == BLOG
        assert web.asked[0].headers["host"] == f"[::1]:{web.port}"


def test_the_version_is_told_where_stet_is_installed(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: {"stet": "7.8.9"}[name])
    fetch._agent.cache_clear()
    load(web.answer("/live", BLOG))
    fetch._agent.cache_clear()
    assert web.asked[0].headers["user-agent"] == "Stet/7.8.9"


def test_a_proxy_of_the_environment_is_not_used(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert load(web.answer("/live", BLOG)).text == BLOG


# ------------------------------------------------------------------------------------------------ unchanged


def test_an_unchanged_page_is_not_sent_again(web: WebServer) -> None:
    def reply(asked: Asked) -> list[bytes]:
        same = asked.headers.get("if-none-match") == tag
        return [page(status=304)] if same else [page(BLOG.encode(), headers={"ETag": tag})]

    tag = 'W/"one"'
    url = web.reply("/live", reply)
    first = load(url)
    seen = Seen(etag=first.etag, last_modified=first.last_modified)
    again = sources.load(url, LIMIT, allow_local=True, seen=seen)
    assert again == NotModified(locator=url, address=url)
    tag = '"two"'
    changed = sources.load(url, LIMIT, allow_local=True, seen=seen)
    assert isinstance(changed, Document)
    assert (changed.etag, changed.text) == ('"two"', BLOG)


def test_the_time_of_the_last_change_is_asked_for_as_the_server_wrote_it(web: WebServer) -> None:
    url = web.reply("/live", lambda asked: [page(status=304 if "if-modified-since" in asked.headers else 200)])
    when = "Sat, 14 Jun 2031 15:40:00 GMT"
    found = sources.load(url, LIMIT, allow_local=True, seen=Seen(last_modified=when))
    assert isinstance(found, NotModified)
    assert web.asked[0].headers["if-modified-since"] == when
    assert "if-none-match" not in web.asked[0].headers


@pytest.mark.parametrize("etag", ['"a"\r\nX-Evil: 1', "\x00", "", "é" * 2_000, "–", '"a\n'])
def test_an_etag_that_cannot_stand_in_a_header_is_not_sent(web: WebServer, etag: str) -> None:
    url = web.answer("/live", BLOG)
    assert isinstance(sources.load(url, LIMIT, allow_local=True, seen=Seen(etag=etag)), Document)
    assert not web.asked[0].headers.keys() & {"if-none-match", "x-evil"}


def test_another_host_is_not_told_what_was_said_of_a_page(web: WebServer) -> None:
    seen = Seen(etag='"one"', last_modified="Sat, 14 Jun 2031 15:40:00 GMT")
    known = {"if-none-match", "if-modified-since"}

    def fetched(to: str) -> object:
        web.answer("/live", status=302, headers={"Location": f"http://{to}:{web.port}/new"})
        url = f"http://news.example:{web.port}/live"
        return fetch.fetch(url, LIMIT, allow_local=True, seen=seen, resolve=lambda *_: ["127.0.0.1"])

    web.answer("/new", BLOG)
    assert isinstance(fetched("other.example"), fetch.Fetched)
    assert [one.headers.keys() & known for one in web.asked] == [known, set()]
    assert isinstance(fetched("www.news.example"), fetch.Fetched)
    assert [one.headers.keys() & known for one in web.asked[2:]] == [known, known]
    web.answer("/new", status=304)
    assert isinstance(fetched("www.news.example"), NotModified)
    with pytest.raises(SourceUnreachable, match="its server answers 304"):
        fetched("other.example")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://news.example/live?token=SECRET&page=2", "https://news.example/live?token=…&page=…"),
        ("https://news.example/live?SECRET", "https://news.example/live?…"),
        ("https://news.example/live?a=1;b=SECRET#c=SECRET", "https://news.example/live?a=…&b=…#c=…"),
        ("https://a:SECRET@news.example/?", "https://…@news.example/?"),
        ("https://news.example/?a=SECRET?b=SECRET", "https://news.example/?a=…"),
        ("https://news.example/?" + "a=SECRET&" * 400, "https://news.example/?" + "a=…&" * 69 + "a="),
    ],
    ids=range(6),
)
def test_the_values_of_a_query_are_not_printed(address: str, shown: str) -> None:
    assert addresses.shown(address) == shown


def test_a_refusal_does_not_print_a_secret_of_its_address(web: WebServer) -> None:
    web.answer("/live?token=SECRET", status=404)
    assert refused(f"{web.url}/live?token=SECRET", SourceMissing) == (
        f"{web.url}/live?token=… is not there: its server answers 404; check the address"
    )
    web.answer("/words", "The river rose.")
    with pytest.raises(NotALiveBlog, match=r"found in http://127\.0\.0\.1:\d+/words\?token=…, which looks like"):
        sources.read(load(f"{web.url}/words?token=SECRET"), SourceOptions())


def test_304_to_a_plain_question_is_no_answer(web: WebServer) -> None:
    url = web.answer("/live", status=304)
    assert "its server answers 304" in refused(url, SourceUnreachable)


# ------------------------------------------------------------------------------------------------ redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_to_where_the_page_is(web: WebServer, status: int) -> None:
    web.answer("/new/regatta.txt", BLOG)
    for at, to in (
        ("/1", "/2"),
        ("/2", "3?x=1"),
        ("/3", f"{web.url}/4"),
        ("/4", "//127.0.0.1:" + str(web.port) + "/5"),
    ):
        web.answer(at, status=status, headers={"Location": to})
    web.answer("/5", status=status, headers={"Location": "/new/regatta.txt#top"})
    found = load(f"{web.url}/1")
    assert (found.locator, found.address) == (f"{web.url}/1", f"{web.url}/new/regatta.txt")
    assert (found.name, found.text) == ("regatta.txt", BLOG)


def test_redirects_end_after_five(web: WebServer) -> None:
    for number in range(9):
        web.answer(f"/{number}", status=302, headers={"Location": f"/{number + 1}"})
    said = refused(f"{web.url}/0", SourceRefused)
    assert said == f"{web.url}/0 redirects more than 5 times; give the address of the page itself"
    assert len(web.asked) == 6


def test_redirects_in_a_circle_end(web: WebServer) -> None:
    url = web.answer("/a", status=302, headers={"Location": "/b"})
    web.answer("/b", status=302, headers={"Location": "/a#again"})
    assert "/a redirects in a circle" in refused(url, SourceRefused)
    assert len(web.asked) == 2


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("file:///etc/passwd", "redirects: file:/etc/passwd begins with file:; only http:// and https://"),
        ("ftp://news.example/live", "begins with ftp:"),
        ("javascript:alert(1)", "begins with javascript:"),
        ("gopher://127.0.0.1:25/x", "begins with gopher:"),
        ("", "redirects: '' is no address"),
        ("http://[::1", "is no address"),
        ("http://reader:sesame@news.example/", "redirects: http://…@news.example/ holds a name or a password"),
    ],
)
def test_where_a_redirect_may_not_lead(web: WebServer, location: str, said: str) -> None:
    url = web.answer("/live", status=302, headers={"Location": location})
    line = refused(url, SourceRefused)
    assert line.startswith(f"{web.url}/live redirects: ")
    assert said in line
    assert "sesame" not in line


def test_a_redirect_into_our_own_network_is_not_followed(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_public", public_but("127.0.0.2"))
    with WebServer(host="127.0.0.2") as inside:
        secret = inside.answer("/latest/meta-data", "secret")
        url = web.answer("/live", status=302, headers={"Location": secret})
        with pytest.raises(SourceRefused) as caught:
            sources.load(url, LIMIT)
        assert str(caught.value) == (
            f"{url} redirects: {secret} leads to this machine or its own network; "
            "if that is meant, set STET_ALLOW_LOCAL_ADDRESSES=true"
        )
        assert inside.asked == []
        assert sources.load(url, LIMIT, allow_local=True).data == b"secret"


# ------------------------------------------------------------------------------------------------ whose addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:db8::1]",
        "[fec0::1]",
        "[feff::1]",
        "[2606:2800:21f:cb07:0:5efe:10.1.2.3]",
        "[2606:2800:21f:cb07:200:5efe:127.0.0.1]",
        "①②⑦.⓪.⓪.①",
    ],
)
def test_an_address_of_our_own_is_not_read(host: str) -> None:
    with pytest.raises(SourceError) as caught:
        sources.load(f"http://{host}:1/", LIMIT)
    assert isinstance(caught.value, SourceRefused), caught.value
    assert (
        "leads to this machine or its own network" in caught.value.message or "is no address" in caught.value.message
    )
    assert "connect" not in str(caught.value).lower()


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "2606:2800:21f:cb07::1",
        "64:ff9b::5db8:d70e",
        "2002:5db8:d70e::1",
        "2606:2800::5efe:5db8:d70e",
    ],
)
def test_an_address_of_the_open_internet_is_read(address: str) -> None:
    assert addresses.is_public(address)


def test_what_is_connected_to_is_the_address_that_was_judged(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers otherwise the second time (DNS rebinding) leads to where it led when it was judged."""
    monkeypatch.setattr(addresses, "is_public", public_but("127.0.0.2"))
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    asked: list[tuple[str, int]] = []
    looked_up: list[object] = []
    system = socket.getaddrinfo

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return next(answers)

    def watched(host: str, *rest: object, **more: object) -> object:
        looked_up.append(host)
        return system(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    with WebServer(host="127.0.0.2") as inside:
        web.answer("/live", BLOG)
        found = fetch.fetch(f"http://news.example:{web.port}/live", LIMIT, resolve=rebinding)
        assert isinstance(found, fetch.Fetched)
        assert found.data == BLOG.encode()
        assert inside.asked == []
    assert asked == [("news.example", web.port)]
    assert looked_up == ["127.0.0.1"]
    assert web.asked[0].headers["host"] == f"news.example:{web.port}"


def test_each_redirect_is_resolved_and_judged_anew(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_public", public_but("127.0.0.2"))
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    web.answer("/live", status=302, headers={"Location": "/moved"})
    with pytest.raises(SourceRefused, match=r"redirects: .*/moved leads to this machine"):
        fetch.fetch(f"http://news.example:{web.port}/live", LIMIT, resolve=lambda *_: next(answers))
    assert len(web.asked) == 1


def test_one_local_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = ["93.184.215.14", "10.0.0.1"]
    with pytest.raises(SourceRefused, match="leads to this machine or its own network"):
        fetch.fetch("http://news.example/", LIMIT, resolve=lambda *_: mixed)


def test_the_next_address_is_tried_where_one_does_not_answer(web: WebServer) -> None:
    web.answer("/live", BLOG)
    found = fetch.fetch(
        f"http://news.example:{web.port}/live",
        LIMIT,
        allow_local=True,
        resolve=lambda *_: ["127.0.0.3", "127.0.0.1"],
    )
    assert isinstance(found, fetch.Fetched)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("ftp://news.example/live", "ftp://news.example/live begins with ftp:; only http:// and https:// addresses"),
        ("file:///etc/passwd", "begins with file:"),
        ("http://", "names no host"),
        ("http:///live", "names no host"),
        ("http://news.example:99999/", "is no address"),
        ("http://news.example:port/", "is no address"),
        ("http://exa\nmple/", "http://exa�mple/ is no address"),
        ("http://news.example:0/", "is no address: there is no port 0"),
        ("http://[::1/", "is no address"),
        ("http://" + "a" * 3_000, "has 3007 characters; at most 2000 are taken"),
        ("http://reader:sesame@news.example/live", "http://…@news.example/live holds a name or a password; "),
        ("https://sesame@news.example", "https://…@news.example holds a name or a password"),
        ("http://us\\er:sesame@news.example/", "http://…@news.example/ "),
        ("http://" + "a" * 3_000 + ":sesame@news.example/", "http://…@news.example/ has 3028 characters"),
        ("http://sesame" + "a" * 3_000 + "@news.example/", "http://…@news.example/ has 3027 characters"),
        ("http://:sesame@/", "http://…@/ holds a name or a password"),
        ("http://reader:sesame@[::1", "http://…@[::1 is no address: it is malformed"),
        ("ftp://reader:sesame@news.example", "ftp://…@news.example begins with ftp:"),
    ],
)
def test_an_address_that_may_not_be_read_is_refused_without_a_word_to_anyone(
    source: str, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    caplog.set_level(logging.DEBUG)
    line = refused(source, SourceRefused)
    assert said in line
    assert "sesame" not in line + caplog.text


def test_a_name_that_cannot_be_resolved_is_said() -> None:
    def unknown(*_: object) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(SourceUnreachable) as caught:
        fetch.fetch("https://news.exmaple/live", LIMIT, resolve=unknown)
    assert str(caught.value) == (
        "the name news.exmaple cannot be resolved: Name or service not known; check its spelling and the network"
    )


def test_resolving_is_bounded_in_time() -> None:
    def hanging(*_: object) -> Sequence[str]:
        time.sleep(3)
        return []

    began = time.monotonic()
    with pytest.raises(SourceUnreachable, match=r"the name news\.example is not resolved within 0 s"):
        fetch.fetch("http://news.example/", LIMIT, resolve=hanging, patience=Patience(connect=0.1))
    assert time.monotonic() - began < 1


# ------------------------------------------------------------------------------------------------ TLS


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    ca = trustme.CA()
    with ca.cert_pem.tempfile(str(tmp_path)) as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        fetch._trusted.cache_clear()
        yield ca
    fetch._trusted.cache_clear()


def tls(ca: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


def test_a_certificate_is_held_against_the_name_and_the_name_is_told(authority: trustme.CA) -> None:
    context = tls(authority, "news.example")
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)
    with WebServer(tls=context) as web:
        web.answer("/live", BLOG)
        url = f"https://news.example:{web.port}/live"
        found = fetch.fetch(url, LIMIT, allow_local=True, resolve=lambda *_: ["127.0.0.1"])
        assert isinstance(found, fetch.Fetched)
        assert (found.address, names) == (url, ["news.example"])
        other = f"https://other.example:{web.port}/live"
        with pytest.raises(SourceUnreachable, match="Hostname mismatch"):
            fetch.fetch(other, LIMIT, allow_local=True, resolve=lambda *_: ["127.0.0.1"])


def test_a_redirect_that_gives_up_encryption_is_not_followed(authority: trustme.CA) -> None:
    with WebServer(tls=tls(authority, "127.0.0.1")) as web:
        url = web.answer("/live", status=302, headers={"Location": "http://news.example/live"})
        assert refused(url, SourceRefused) == (
            f"{url} redirects: http://news.example/live is not encrypted, so what comes from there may be "
            "changed on its way; give that address itself, if it is meant"
        )


def test_a_certificate_of_a_stranger_is_not_trusted(web: WebServer) -> None:
    with WebServer(tls=tls(trustme.CA(), "127.0.0.1")) as web:
        assert "certificate verify failed" in refused(web.answer("/live", BLOG), SourceUnreachable)
        assert web.asked == []


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_trusted_certificates_that_cannot_be_read_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / "trusted.pem"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    fetch._trusted.cache_clear()
    said = refused("https://127.0.0.1:1/", UsageError)
    fetch._trusted.cache_clear()
    assert said.startswith("the trusted certificates cannot be read: ")
    assert said.endswith("; set SSL_CERT_FILE and SSL_CERT_DIR right in the environment, or unset them")


# ------------------------------------------------------------------------------------------------ bounds


def endless(head: bytes, part: bytes) -> Callable[[Asked], Iterator[bytes]]:
    return lambda _: itertools.chain([head], itertools.repeat(part))


def test_an_endless_body_is_cut_off(web: WebServer) -> None:
    url = web.reply("/live", endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000))
    said = refused(url, UsageError)
    assert said == f"{url} is larger than 0 MB; split it, or raise STET_SOURCE_SIZE_LIMIT"


def test_a_body_whose_stated_length_is_too_much_is_not_read(web: WebServer) -> None:
    url = web.reply("/live", lambda _: [page(headers={"Content-Length": str(LIMIT + 1)}), *dripping([b"x"], 1)])
    assert "is larger than 0 MB" in refused(url, UsageError)


def test_hostile_markup_costs_little_time(web: WebServer) -> None:
    url = web.answer("/live", b"<input <input\ttype=" * 26_000)
    began = time.monotonic()
    assert len(sources.load(url, 10 * LIMIT, allow_local=True).data) == 494_000
    assert time.monotonic() - began < 2


def test_endless_headers_are_cut_off(web: WebServer) -> None:
    url = web.reply("/live", endless(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 10_000 + b"\r\n"))
    assert "cannot be read" in refused(url, SourceUnreachable)


@pytest.mark.parametrize("encoded", [True, False])
def test_a_gzip_bomb_is_cut_off(web: WebServer, encoded: bool) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < LIMIT
    url = web.answer("/live", bomb, headers={"Content-Encoding": "gzip"} if encoded else None)
    assert refused(url, UsageError).startswith(f"{url} is larger than 0 MB when it is decompressed; ")


def test_a_body_that_is_not_what_it_says_is_refused(web: WebServer) -> None:
    packed = {"Content-Encoding": "gzip"}
    url = web.answer("/live", b"no gzip at all", headers=packed)
    assert f"{url} is gzip, but damaged: " in refused(url, SourceRefused)
    web.answer("/live", gzip.compress(BLOG.encode())[:-9], headers=packed)
    assert f"{url} is gzip, but its end is missing" in refused(url, SourceRefused)
    web.answer("/live", b"x", headers={"Content-Encoding": "br"})
    assert f"{url} is compressed as 'br', which was not asked for" in refused(url, SourceRefused)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
    ],
    ids=["status", "headers", "body", "stated length"],
)
def test_a_server_that_drips_is_left(web: WebServer, start: bytes) -> None:
    url = web.reply("/live", lambda _: itertools.chain([start], dripping(itertools.repeat(b"x"), 0.05)))
    began = time.monotonic()
    with pytest.raises(SourceUnreachable) as caught:
        fetch.fetch(url, LIMIT, allow_local=True, patience=Patience(read=1, whole=0.4))
    assert str(caught.value) == f"{url} does not answer in time; try again later"
    assert 0.3 < time.monotonic() - began < 1


def test_redirects_share_one_deadline(web: WebServer) -> None:
    for number in range(5):
        web.reply(
            f"/{number}",
            lambda _, to=number + 1: dripping([page(status=302, headers={"Location": f"/{to}"})], 0.2),  # type: ignore[misc]
        )
    began = time.monotonic()
    with pytest.raises(SourceUnreachable, match="does not answer in time"):
        fetch.fetch(f"{web.url}/0", LIMIT, allow_local=True, patience=Patience(whole=0.5))
    assert time.monotonic() - began < 1


def test_a_silent_server_is_left(web: WebServer) -> None:
    url = web.reply("/live", lambda _: dripping([b"x"], 2))
    began = time.monotonic()
    with pytest.raises(SourceUnreachable, match="does not answer in time"):
        fetch.fetch(url, LIMIT, allow_local=True, patience=Patience(read=0.2))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 999999 what\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"\xff" * 1_000,
    ],
)
def test_what_is_no_whole_answer_is_an_error(web: WebServer, answer: bytes) -> None:
    url = web.reply("/live", lambda _: [answer])
    assert refused(url, SourceUnreachable).startswith(f"{url} cannot be read: ")


def test_a_port_where_nobody_listens(web: WebServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert "Connection refused" in refused(f"http://127.0.0.1:{port}/", SourceUnreachable)


# ------------------------------------------------------------------------------------------------ what servers say


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_missing(web: WebServer, status: int) -> None:
    url = web.answer("/live", BLOG, status=status)
    assert refused(url, SourceMissing) == f"{url} is not there: its server answers {status}; check the address"


@pytest.mark.parametrize("status", [401, 403])
def test_a_closed_page_is_said_to_be_a_log_in(web: WebServer, status: int) -> None:
    url = web.answer("/live", BLOG, status=status)
    assert refused(url, NotALiveBlog) == (
        f"{url} is a log-in page, or closed to programs: its server answers {status}; "
        "save the page while you are logged in, and add the file"
    )


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "120", 120.0),
        (503, " 7 ", 7.0),
        (503, None, None),
        (500, "soon", None),
        (502, "-5", None),
        (503, "999999999", 86_400.0),
        (503, "9" * 400, None),
        (503, "Sat, 14 Jun 2003 15:40:00 GMT", 0.0),
        (503, "Sat, 99 Jun 2003 15:40:00 GMT", None),
    ],
)
def test_a_server_says_when_to_come_again(
    web: WebServer, status: int, said: str | None, seconds: float | None
) -> None:
    url = web.answer("/live", status=status, headers={"Retry-After": said} if said else None)
    with pytest.raises(SourceUnreachable) as caught:
        load(url)
    assert caught.value.retry_after == seconds
    assert str(caught.value) == f"{url} cannot be read now: its server answers {status}; try again later"


def test_when_to_come_again_may_be_a_date() -> None:
    now = datetime(2031, 6, 14, 15, 40, tzinfo=UTC)
    assert fetch._retry_after("Sat, 14 Jun 2031 15:41:30 GMT", now) == 90.0
    assert fetch._retry_after("Sat, 14 Jun 2031 15:41:30 -0000", now) == 90.0


@pytest.mark.parametrize("status", [204, 206, 300, 400, 405, 418, 451])
def test_any_other_status_is_an_error_too(web: WebServer, status: int) -> None:
    url = web.answer("/live", status=status)
    assert f"its server answers {status}" in refused(url, SourceUnreachable)


@pytest.mark.parametrize(
    "location",
    [
        "/login?next=/live",
        "/account/sign-in",
        "/users/sign_in",
        "/wp-login.php?redirect_to=x",
        "/auth/realms/news",
        "http://login.news.example/",
        "http://sso.news.example/start",
        "http://id.news.example/ServiceLogin?x=1",
    ],
)
def test_a_redirect_to_a_log_in_is_said_and_not_followed(web: WebServer, location: str) -> None:
    url = web.answer("/live", status=302, headers={"Location": location})
    said = refused(url, NotALiveBlog)
    assert said.startswith(f"{url} leads to a log-in page: ")
    assert "?" not in said
    assert len(web.asked) == 1


@pytest.mark.parametrize("path", ["/authors/orrell", "/live/authority-signs-in-relief", "/live/plugin-blogin-story"])
def test_a_headline_is_no_log_in(web: WebServer, path: str) -> None:
    web.answer(path, BLOG)
    assert load(web.answer("/live", status=302, headers={"Location": path})).text == BLOG


def test_a_page_that_asks_for_a_password_and_shows_no_entry_is_a_log_in(web: WebServer) -> None:
    form = '<form><input name="p"\n  type = "Password"></form>'
    url = web.answer("/live", f"<html>{form}</html>")
    assert refused(url, NotALiveBlog).startswith(
        f"{url} is a log-in page: it asks for a password and shows no entry; "
    )
    web.answer("/live", BLOG + form)
    assert load(url).text == BLOG + form


# ------------------------------------------------------------------------------------------------ character sets


@pytest.mark.parametrize(
    ("content_type", "data", "text"),
    [
        ("text/plain; charset=ISO-8859-1", "Où est “Odo”?".encode("cp1252"), "Où est “Odo”?"),
        ('text/html; charset="windows-1250"', "Łódź".encode("cp1250"), "Łódź"),
        ("text/html; Charset=Shift_JIS", "号外".encode("cp932"), "号外"),
        ("text/html; charset=gb2312", "号外".encode("gb18030"), "号外"),
        ("text/html; charset=utf-8", "<meta charset=latin1>é".encode(), "<meta charset=latin1>é"),
        (
            "text/html",
            "<html><meta charset='windows-1252'>é</html>".encode("cp1252"),
            "<html><meta charset='windows-1252'>é</html>",
        ),
        (
            None,
            '<META http-equiv=Content-Type content="text/html; charset=koi8-r">Да'.encode("koi8-r"),
            '<META http-equiv=Content-Type content="text/html; charset=koi8-r">Да',
        ),
        (
            None,
            '<?xml version="1.0" encoding="ISO-8859-15"?>€'.encode("iso8859-15"),
            '<?xml version="1.0" encoding="ISO-8859-15"?>€',
        ),
        (None, "<meta charset=utf-16>é".encode(), "<meta charset=utf-16>é"),
        (None, '{"text": "<meta charset=latin1>é"}'.encode(), '{"text": "<meta charset=latin1>é"}'),
        ("text/plain; charset=latin1", codecs.BOM_UTF8 + "é".encode(), "é"),
        ("text/plain; charset=utf-8", codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "é"),
        (None, codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "é"),
        ("text/plain; charset=utf-16", "é".encode("utf-16-le"), "é"),
    ],
)
def test_text_is_taken_in_the_character_set_that_is_stated(
    web: WebServer, content_type: str | None, data: bytes, text: str
) -> None:
    url = web.answer("/live", data, headers={"Content-Type": content_type} if content_type else None)
    assert load(url).text == text


@pytest.mark.parametrize(
    "label", ["klingon", "rot13", "hex", "zlib", "idna", "utf-7", "unicode_escape", "x" * 99, "../os"]
)
def test_an_unknown_character_set_is_refused(web: WebServer, label: str) -> None:
    url = web.answer("/live", BLOG, headers={"Content-Type": f"text/html; charset={label}"})
    assert refused(url, NotALiveBlog) == (
        f"{url} is said to be in the character set {label[:40]!r}, which is not known; "
        "save it as a file in UTF-8, and add the file"
    )


def test_bytes_that_are_not_of_the_stated_character_set_are_refused(web: WebServer) -> None:
    url = web.answer("/live", b"abc\x81", headers={"Content-Type": "text/html; charset=windows-1252"})
    assert f"{url} is said to be in windows-1252: byte 0x81 at offset 3 is not" in refused(url, NotALiveBlog)
    web.answer("/live", b"abc\xe9", headers={"Content-Type": "text/html; charset=utf-8"})
    with pytest.raises(NotALiveBlog, match="live is not UTF-8: byte 0xe9 at offset 3, line 1"):
        _ = load(url).text


# ------------------------------------------------------------------------------------------------ anything at all


@given(st.text(max_size=80), st.sampled_from(["", "http://", "https://", "HTTP://a@", "ftp://", "http://[", "://"]))
@settings(max_examples=300)
def test_no_source_raises_anything_but_our_own_errors(text: str, before: str) -> None:
    def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", nowhere)
        if sources.is_address(before + text):
            with pytest.raises(SourceError):
                sources.load(before + text, LIMIT)
        sources.locator_of(before + text)


@given(st.binary(max_size=300), st.text(max_size=60))
def test_no_answer_raises_anything_but_our_own_errors(body: bytes, label: str) -> None:
    for data in (body, b"<meta charset=" + body, b"<?xml version='1.0' encoding='" + body):
        for content_type in (None, f"text/html; charset={label}"):
            try:
                found = charset.to_utf8(data, content_type, "x")
            except StetError:
                continue
            assert len(found) <= 3 * len(data)


@given(st.binary(max_size=400))
@settings(max_examples=50)
def test_whatever_a_server_sends_is_a_document_or_an_error_of_ours(answer: bytes) -> None:
    with WebServer() as web:
        for url in (
            web.reply("/raw", lambda _: [answer]),
            web.reply("/body", lambda _: [page(answer)]),
            web.reply("/packed", lambda _: [page(answer, headers={"Content-Encoding": "gzip"})]),
            web.reply("/to", lambda _: [b"HTTP/1.1 302 x\r\nLocation: ", answer, b"\r\n\r\n"]),
        ):
            with contextlib.suppress(StetError):
                assert len(load(url).data) <= 3 * LIMIT


@given(st.binary(max_size=400), st.integers(0, 60))
def test_gzip_that_is_damaged_anywhere_is_an_error_of_ours(data: bytes, at: int) -> None:
    packed = bytearray(gzip.compress(data, mtime=0))
    packed[at % len(packed)] ^= 0xFF
    try:
        found = gzipped.gunzip(bytes(packed), "x", LIMIT)
    except StetError:
        return
    assert gzip.decompress(bytes(packed)) == found
