"""Gzip → the bytes within, at most as many as a source may have."""

from __future__ import annotations

import zlib

from retrieval.errors import SourceRefused, UsageError

MAGIC = b"\x1f\x8b\x08"

_GZIP = 16 + zlib.MAX_WBITS
_FED = 16_384
"""Bytes given to zlib at a time: what it leaves over at the end of a member is copied, so it must be little."""
_MOST_MEMBERS = 100_000
"""Blocked gzip makes a member of each 64 KB; far more is an attempt to keep us busy."""


def gunzip(data: bytes, name: str, size_limit: int) -> bytes:
    """All members of a gzip file, one after the other; zeros that pad its end are let pass.

    Raises UsageError where more than `size_limit` bytes are within, SourceRefused where the file is cut off or
    damaged."""
    whole = bytearray()
    member, members = zlib.decompressobj(_GZIP), 1
    at, padding = 0, len(data.rstrip(b"\0"))
    while at < len(data):
        fed = data[at : at + _FED]
        at += len(fed)
        while fed:
            whole += _part(member, fed, name, size_limit - len(whole) + 1)
            if len(whole) > size_limit:
                raise too_large(name, size_limit, " when it is decompressed")
            if not member.eof:
                fed = member.unconsumed_tail
                continue
            fed = member.unused_data
            if at - len(fed) >= padding:
                return bytes(whole)
            member, members = zlib.decompressobj(_GZIP), members + 1
            if members > _MOST_MEMBERS:
                raise SourceRefused(
                    f"{name} is gzip of more than {_MOST_MEMBERS} members", "decompress it, and give what comes out"
                )
    raise SourceRefused(f"{name} is gzip, but its end is missing", "copy or download it again, whole")


def _part(member: zlib._Decompress, fed: bytes, name: str, most: int) -> bytes:
    try:
        return member.decompress(fed, most)
    except zlib.error as error:
        raise SourceRefused(
            f"{name} is gzip, but damaged: {error}", "copy or download it again, or decompress it yourself"
        ) from None


def too_large(name: str, size_limit: int, when: str = "") -> UsageError:
    """A source has more bytes than may be read."""
    return UsageError(
        f"{name} is larger than {size_limit // 1_000_000} MB{when}", "split it, or raise STET_SOURCE_SIZE_LIMIT"
    )
