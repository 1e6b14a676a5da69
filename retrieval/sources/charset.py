"""A page's bytes in the character set that it states → the same characters in UTF-8."""

from __future__ import annotations

import codecs
import re

from retrieval.errors import NotALiveBlog

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,39}")
_HEADER = re.compile(r"""charset\s{0,9}=\s{0,9}["']?\s{0,9}([^\s;"',]{1,200})""", re.IGNORECASE)
_XML = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([^"'>]{1,200})["']""")
_META = re.compile(rb"""<meta\s[^>]{0,500}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([^\s;"'/>]{1,200})""", re.IGNORECASE)
_PRESCANNED = 1024
"""Where HTML's own rules look for a `meta charset`: https://html.spec.whatwg.org/#prescan-a-byte-stream"""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# As browsers take them: a label that names a subset means the larger set (https://encoding.spec.whatwg.org/#names-and-labels)
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-16-le",
}
_TAKEN = {
    *("utf-8", "utf-16-le", "utf-16-be", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman"),
    *("gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"),
    *(f"cp{number}" for number in range(1250, 1259)),
    *(f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
}


def to_utf8(data: bytes, content_type: str | None, name: str) -> bytes:
    """The characters in UTF-8. A byte-order mark goes before the server's Content-Type, that before the page's own
    XML declaration or `meta`; where nothing is stated the bytes stay as they are.

    Raises NotALiveBlog where the character set is unknown, or the bytes are not of it."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data if encoding == "utf-8" else _converted(data[len(mark) :], encoding, encoding, name)
    label = _stated(data, content_type)
    if label is None:
        return data
    found = _encoding(label)
    if found is None:
        raise NotALiveBlog(
            f"{name} is said to be in the character set {label[:40]!r}, which is not known",
            "save it as a file in UTF-8, and add the file",
        )
    return data if found == "utf-8" else _converted(data, found, label, name)


def _stated(data: bytes, content_type: str | None) -> str | None:
    if match := _HEADER.search(content_type or ""):
        return match[1]
    head = data[:_PRESCANNED].lstrip()
    if not head.startswith(b"<"):
        return None
    if declared := _XML.match(head):
        return declared[1].decode("latin-1")
    if meta := _META.search(head):
        # a page whose `meta` could be read as ASCII is not in UTF-16, whatever it says
        label = meta[1].decode("latin-1")
        return "utf-8" if label.lower().startswith("utf-16") else label
    return None


def _encoding(label: str) -> str | None:
    """Python's name of the character set that a label means; None where it means none."""
    if not _LABEL.fullmatch(label):
        return None
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    name = _MEANT.get(name, name)
    return name if name in _TAKEN else None


def _converted(data: bytes, encoding: str, label: str, name: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        raise NotALiveBlog(
            f"{name} is said to be in {label[:40]}: byte 0x{data[error.start]:02x} at offset {error.start} is not",
            "save it as a file in UTF-8, and add the file",
        ) from None
