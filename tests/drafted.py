"""A live blog and a draft about it, with every verdict and every caution. All of it is fiction."""

from __future__ import annotations

import io
from pathlib import Path

from docx import Document

from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.model import SourceOptions
from tests.command import ndjson
from tests.conftest import NOW

GAUGE = "The gauge at Wendbridge stood at 1,400 millimetres, the harbour board said."
SCHOOLS = "The council has opened three schools to families whose homes are under water tonight."
PUMP = "The leader of the council allegedly knew that the second pump was missing since January."
HOSTILE = '<script>alert(1)</script> & "the tide" ]]> <!-- \u202erises at dawn over the quay --> it said.'

ROWS: list[dict[str, object]] = [
    {
        "id": "g1",
        "time": "2031-02-03T08:01:00+00:00",
        "title": "Gauge <b>rises</b> at Wendbridge",
        "url": "https://news.example/live/flood?a=1&b=2#g1",
        "text": GAUGE,
    },
    {
        "id": "g2",
        "time": "2031-02-03T08:12:00+00:00",
        "author": "Perpetua <i>Inkersole</i>",
        "text": "Ottoline Brask said: “No ferry will sail before the gauge falls.” She spoke at the quay.",
    },
    {"id": "g3", "time": "2031-02-03T08:30:00+00:00", "text": SCHOOLS},
    {"id": "g4", "time": "2031-02-03T09:00:00+00:00", "text": PUMP},
    {
        "id": "g5",
        "time": "2031-02-03T09:20:00+00:00",
        "text": "The bridge at Low Wend will stay closed for 14 days, according to the county surveyor.",
    },
    {"id": "g6", "time": "2031-02-03T09:40:00+00:00", "text": HOSTILE},
    {
        "id": "g7",
        "time": "2031-02-03T10:00:00+00:00",
        "text": "Every boat on the lower quay has been tied down with double ropes.",
    },
]
CORRECTED = [*ROWS[:-1], {**ROWS[-1], "text": "Most boats on the lower quay have been tied down."}]

STORY = f"""# The river & the \\<town>

“{GAUGE}” So much for the morning.

“No ferry will sail before the gauge falls,” Casimir Thole said.

> The council has opened three schools … whose homes are under water

“The gauge at Wendbridge stood at 1,500 millimetres, the harbor board said.”

“The council has opened three schools to families the second pump was missing since January.”

“A choir of otters sang to the mayor beneath a striped umbrella.”

“ferry will sail before the gauge falls,” Ottoline Brask said.

“The gauge at … the harbour board said.”

“The leader of the council … knew that the second pump was missing since January.”

“The bridge at Low Wend will stay closed for 14 days.”

“The [new] gauge at Wendbridge stood at 1,400 millimetres, the harbour board said.”

“Every boat on the lower quay has been tied down with double ropes.”

“]]> \\<!-- \u202erises at dawn over the quay -->”

“Gauge \\<b>rises\\</b> at Wendbridge”

The river was “cut off”, `print("a b c")`, and 'tis said. “— — —” is no word.

“Nothing closes this
"""


def flood(home: Path, embedder: Embedder) -> Archive:
    """An archive of the live blog, whose last entry was corrected since."""
    archive = Archive.open(home, embedder.name, lambda: embedder)
    options = SourceOptions(blog="flood", title="River <Wend> & flood", timezone="UTC")
    for rows in (ROWS, CORRECTED):
        archive.add([str(ndjson(home / "flood.ndjson", rows))], options, NOW, lambda *_: None)
    return archive


def word(*paragraphs: str) -> bytes:
    """A Word document of paragraphs."""
    document = Document()
    for one in paragraphs:
        document.add_paragraph(one)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
