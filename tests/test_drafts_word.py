"""Word drafts: every place where Word keeps words is read, or named in a warning, or refused by name."""

from __future__ import annotations

import contextlib
import io
import sys
import time
import zipfile

import pytest
from docx import Document
from docx.oxml import parse_xml
from hypothesis import given
from hypothesis import strategies as st

from retrieval.drafts import draft_of
from retrieval.drafts.docx import from_docx
from retrieval.drafts.package import MOST_PARTS
from retrieval.drafts.page import Page, Region
from retrieval.errors import SourceRefused, StetError, UsageError
from tests.hostile import damaged

LIMIT = 10_000_000

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
RELATED = "word/_rels/document.xml.rels"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def saved(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


EMPTY = saved(Document())


def repacked(data: bytes, parts: dict[str, str | bytes | None]) -> bytes:
    """The same file with parts replaced, added or, where None, left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            content = parts[name] if name in parts else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def with_document(content: str | bytes | None) -> bytes:
    """An empty file of python-docx's, its main part replaced."""
    return repacked(EMPTY, {"word/document.xml": content})


def word(body: str, **parts: str) -> bytes:
    """A Word file of this body, as XML; `footnotes`, `header1` and the like become parts that it names."""
    with zipfile.ZipFile(io.BytesIO(EMPTY)) as package:
        relations = package.read(RELATED).decode()
    named: dict[str, str | bytes | None] = {}
    for name, content in parts.items():
        kind = name.rstrip("0123456789")
        relation = f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{name}.xml"/>'
        relations = relations.replace("</Relationships>", f"{relation}</Relationships>")
        named[f"word/{name}.xml"] = f"<w:{kind} {NAMESPACES}>{content}</w:{kind}>"
    named["word/document.xml"] = f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"
    return repacked(EMPTY, {**named, RELATED: relations})


def page(body: str, **parts: str) -> Page:
    return from_docx(word(body, **parts), "a.docx", LIMIT)


def p(*runs: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{''.join(runs)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def code(step: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{step}"/></w:r>'


def instruction(text: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve">{text}</w:instrText></w:r>'


BOX = f"<w:txbxContent>{p(r('In a box'))}</w:txbxContent>"
DRAWN = f"<w:drawing><wps:wsp><wps:txbx>{BOX}</wps:txbx></wps:wsp></w:drawing>"
DELETED_END = "<w:pPr><w:rPr><w:del w:id='9'/></w:rPr></w:pPr>"

CONTROL = "<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>" + p(r("Control")) + "</w:sdtContent></w:sdt>"
INNER = code("begin") + instruction("REF") + code("separate") + r("inner") + code("end")
PLACES = [
    (p(r("One ")) + p(r(" two")), "One\ntwo"),
    (p(r("On"), r("e"), r(" and "), r("more")), "One and more"),
    (p("<w:hyperlink>" + r("A link") + "</w:hyperlink>"), "A link"),
    (p("<w:ins w:id='1'>" + r("Inserted") + "</w:ins>"), "Inserted"),
    (p("<w:moveTo w:id='1'>" + r("Moved") + "</w:moveTo>"), "Moved"),
    (p("<w:smartTag>" + r("Tagged") + "</w:smartTag>"), "Tagged"),
    (CONTROL, "Control"),
    (p("<w:sdt><w:sdtContent>" + r("Inline") + "</w:sdtContent></w:sdt>", r(" control")), "Inline control"),
    ("<w:customXml>" + p(r("Custom")) + "</w:customXml>", "Custom"),
    (p("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:cr/><w:t>d</w:t></w:r>"), "a b\nc\nd"),
    (p("<w:r><w:t>so</w:t><w:softHyphen/><w:t>ft no</w:t><w:noBreakHyphen/><w:t>break</w:t></w:r>"), "soft no-break"),
    (p("<w:r><w:sym w:font='Arial' w:char='201C'/><w:t>x</w:t><w:sym w:font='Arial' w:char='201d'/></w:r>"), "“x”"),
    (p(r("x "), f"<w:r>{DRAWN}</w:r>", r("y")) + p(r("z")), "x y\nIn a box\nz"),
    (p(r("x"), f"<w:r><w:pict><v:shape><v:textbox>{BOX}</v:textbox></v:shape></w:pict></w:r>"), "x\nIn a box"),
    (
        p(
            f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'>{DRAWN}</mc:Choice><mc:Fallback><w:pict><v:textbox>"
            f"{BOX}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
        ),
        "In a box",
    ),
    (p("<w:r><mc:AlternateContent><mc:Fallback><w:t>Only</w:t></mc:Fallback></mc:AlternateContent></w:r>"), "Only"),
    (p(r("x"), "<w:r><w:drawing><a:p><a:r><a:t>A shape</a:t></a:r></a:p></w:drawing></w:r>"), "x\nA shape"),
    (p("<m:oMath><m:r><m:t>a=b</m:t></m:r></m:oMath>"), "a=b"),
    (
        "<w:tbl><w:tr><w:tc>"
        + p(r("a"))
        + "</w:tc><w:tc><w:tbl><w:tr><w:tc>"
        + p(r("b"))
        + "</w:tc></w:tr></w:tbl>"
        + p()
        + "</w:tc></w:tr></w:tbl>",
        "a\nb",
    ),
    (p("<w:fldSimple w:instr='AUTHOR'>" + r("Nell Arden") + "</w:fldSimple>"), "Nell Arden"),
    (p(code("begin"), instruction("REF x"), code("separate"), r("shown"), code("end"), r(" on")), "shown on"),
    (
        p(code("begin"), instruction("IF "), INNER) + p(code("separate"), r("outer"), code("end")),
        "outer",
    ),
    (p(r("not hidden", "<w:vanish w:val='0'/>")), "not hidden"),
    (f"<w:p>{DELETED_END}{r('One ')}</w:p>" + p(r("paragraph")) + p(r("now")), "One paragraph\nnow"),
]


@pytest.mark.parametrize(("body", "text"), PLACES)
def test_words_are_read_wherever_they_stand(body: str, text: str) -> None:
    found = page(body)
    assert found.text == text
    assert found.warnings == ()


def test_strict_files_are_read_too() -> None:
    words = p(r("Strict"), "<w:del>" + r("gone") + "</w:del>")
    body = f'<w:document xmlns:w="{STRICT}"><w:body>{words}</w:body></w:document>'
    found = from_docx(with_document(body), "a.docx", LIMIT)
    assert (found.text, found.warnings) == ("Strict", ("left out: deleted passages (1)",))


MOVED = "moved passages, which are read where they stand now (1)"
LOST_ROW = "<w:tbl><w:tr><w:trPr><w:del w:id='1'/></w:trPr><w:tc>" + p(r("b")) + "</w:tc></w:tr></w:tbl>"
LOST_CELL = "<w:tbl><w:tr><w:tc><w:tcPr><w:cellDel w:id='1'/></w:tcPr>" + p(r("b")) + "</w:tc></w:tr></w:tbl>"
RUBY = "<w:r><w:ruby><w:rt>" + r("b") + "</w:rt><w:rubyBase>" + r("a") + "</w:rubyBase></w:ruby></w:r>"
COMMENTED = "<w:r><w:commentReference w:id='0'/></w:r>"
LEFT_OUT = [
    (p(r("a"), "<w:del w:id='1'><w:r><w:delText>b</w:delText></w:r></w:del>"), "a", "deleted passages (1)"),
    (p(r("a"), "<w:moveFrom w:id='1'>" + r("b") + "</w:moveFrom>"), "a", MOVED),
    (LOST_ROW, "", "deleted passages (1)"),
    (LOST_CELL, "", "deleted passages (1)"),
    (p(r("a"), r("b", "<w:vanish/>")), "a", "hidden passages (1)"),
    (p(r("a"), COMMENTED, COMMENTED), "a", "comments (2)"),
    (p(r("a")) + "<w:altChunk/>", "a", "embedded documents (1)"),
    (p(r("a"), "<w:r><w:object/></w:r>"), "a", "embedded objects (1)"),
    (p(r("a"), "<w:r><w:drawing><dgm:relIds/></w:drawing></w:r>"), "a", "diagrams (SmartArt) (1)"),
    (p(r("a"), "<w:r><w:drawing><c:chart/></w:drawing></w:r>"), "a", "charts (1)"),
    (
        p(r("a"), "<w:r><w:pict><v:shape><v:textpath string='b'/></v:shape></w:pict></w:r>"),
        "a",
        "lettering (WordArt) (1)",
    ),
    (p(RUBY), "a", "reading aids (ruby) (1)"),
    (
        p(r("a"), "<w:r><w:sym w:font='Wingdings' w:char='F04A'/></w:r>"),
        "a",
        "symbols of fonts such as Wingdings (1)",
    ),
    (p(r("a"), "<w:r><w:sym w:char='nonsense'/></w:r>"), "a", "symbols of fonts such as Wingdings (1)"),
    (p(r("a"), code("begin"), instruction(" eq \\o(b)"), code("end")), "a", "fields of the kind EQ (1)"),
    (p(r("a"), "<w:r><w:footnoteReference w:id='7'/></w:r>"), "a", "footnotes that are missing from the file (1)"),
]


@pytest.mark.parametrize(("body", "text", "warning"), LEFT_OUT)
def test_what_is_left_out_is_named(body: str, text: str, warning: str) -> None:
    found = page(body)
    assert found.text == text
    assert found.warnings == (f"left out: {warning}",)


def test_marks_of_index_entries_are_no_words() -> None:
    found = page(
        p(r("a"), code("begin"), instruction('XE "b"'), code("end"), "<w:del w:id='1'/>", r(" ", "<w:vanish/>"))
    )
    assert (found.text, found.warnings) == ("a", ())


def note(number: int, text: str, kind: str = "") -> str:
    return f"<w:footnote w:id='{number}' {kind}>{p(r(text))}</w:footnote>"


def test_notes_are_read_after_the_body_and_part_no_quotation() -> None:
    body = p(r("“We hold the wall"), "<w:r><w:footnoteReference w:id='2'/></w:r>", r(" for good,” said Nell Arden."))
    notes = note(0, "—", "w:type='separator'") + note(2, "“A note of words”") + note(3, "Nobody refers to it")
    found = draft_of(word(body, footnotes=notes), "a.docx", LIMIT)
    assert [(one.text, one.speaker_name) for one in found.quotations] == [
        ("We hold the wall for good,", "Nell Arden"),
        ("A note of words", None),
    ]
    assert found.warnings == ("left out: notes that nothing refers to (1)",)


def test_endnotes_headers_and_footers_are_read() -> None:
    found = page(
        p(r("Body"), "<w:r><w:endnoteReference w:id='2'/></w:r>"),
        endnotes=f"<w:endnote w:id='2'>{p(r('An endnote'))}</w:endnote>",
        header1=p(r("A header")),
        header2=p(r("A header")),
        footer1=p(r("A footer")),
    )
    assert found.text == "Body\nAn endnote\nA header\nA footer"


STYLES = f"""<w:styles {NAMESPACES}>
<w:style w:type="paragraph" w:styleId="Zitat"><w:name w:val="Quote"/></w:style>
<w:style w:type="paragraph" w:styleId="Haus"><w:name w:val="House style"/><w:basedOn w:val="Zitat"/></w:style>
<w:style w:type="paragraph" w:styleId="Ring"><w:name w:val="Ring"/><w:basedOn w:val="Ring"/></w:style>
<w:style w:type="paragraph" w:styleId="Weg"><w:name w:val="Gone"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Da"><w:name w:val="There"/><w:rPr><w:vanish w:val="false"/></w:rPr></w:style>
</w:styles>"""


def test_styles_tell_block_quotes_and_hidden_words() -> None:
    body = (
        p(r("a"), style="Ring") + p(r("b"), style="Zitat") + p() + p(r("c"), style="Zitat") + p(r("d"), style="Zitat")
        + p(r("e"), style="Haus") + p(r("f"), style="Weg") + p(r("g", "<w:rStyle w:val='Da'/>"), style="Weg")
    )  # fmt: skip
    data = repacked(word(body), {"word/styles.xml": STYLES})
    found = from_docx(data, "a.docx", LIMIT)
    assert found.text == "a\nb\nc\nd\ne\ng"
    assert [found.text[start:end] for start, end in found.spans(Region.BLOCK)] == ["b", "c\nd", "e"]
    assert found.warnings == ("left out: hidden passages (1)",)


def test_a_document_as_python_docx_makes_it() -> None:
    document = Document()
    document.add_heading("The wall")
    document.add_paragraph("“We will hold the wall,” said Nell Arden.")
    document.add_paragraph("We always did.", style="Quote")
    document.add_paragraph("And we always shall.", style="Intense Quote")
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "“In a cell it stands,” said Tom Pell."
    table.cell(0, 1).add_table(1, 1).cell(0, 0).text = "“Nested in a table”"
    runs = document.add_paragraph("He spoke of “")
    runs._p.append(parse_xml(f'<w:ins xmlns:w="{W}" w:id="1"><w:r><w:t>inserted words</w:t></w:r></w:ins>'))
    runs._p.append(parse_xml(f'<w:del xmlns:w="{W}" w:id="2"><w:r><w:delText> of old</w:delText></w:r></w:del>'))
    runs.add_run(" only” and no more.")
    document.sections[0].header.paragraphs[0].text = "“In the header too”"
    found = draft_of(saved(document), "Draft.DOCX", LIMIT)
    assert [(one.kind.value, one.text, one.speaker_name) for one in found.quotations] == [
        ("marks", "We will hold the wall,", "Nell Arden"),
        ("block", "We always did.", None),
        ("block", "And we always shall.", None),
        ("marks", "In a cell it stands,", "Tom Pell"),
        ("marks", "Nested in a table", None),
        ("marks", "inserted words only", None),
        ("marks", "In the header too", None),
    ]
    assert found.warnings == ("left out: deleted passages (1)",)


def entity() -> bytes:
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    return (
        f'<!DOCTYPE w:document [<!ENTITY e0 "ha">{bomb}]><w:document {NAMESPACES}><w:body>{p(r("&e9;"))}'
        "</w:body></w:document>"
    ).encode()


def packed(**how: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **how) as package:  # type: ignore[call-overload]
        package.writestr("word/document.xml", "x" * 1000)
    return file.getvalue()


def many() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for number in range(MOST_PARTS + 1):
            package.writestr(f"{number}", "")
    return file.getvalue()


def twice() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("word/a.xml", "")
        package.writestr("word/A.xml", "")
    return file.getvalue()


def locked() -> bytes:
    data = bytearray(packed())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


REFUSED = [
    (EMPTY[:-30], "a.docx is damaged: File is not a zip file; copy or download it again"),
    (EMPTY.replace(b"PK\x01\x02", b"PK\x01\x03"), "a.docx is damaged"),
    (packed(), "a zip archive, but no Word document"),
    (packed(compression=zipfile.ZIP_LZMA), "packed in a way that Word does not know"),
    (packed(compression=zipfile.ZIP_BZIP2), "packed in a way that Word does not know"),
    (many(), "has more than 10000 parts"),
    (twice(), "two parts of one name"),
    (locked(), "a.docx is encrypted; take its password off"),
    (with_document(None), "lacks its part word/document.xml"),
    (with_document("<w:p>"), "its part word/document.xml is no XML"),
    (with_document(""), "its part word/document.xml is no XML"),
    (with_document("<p/>"), "no document of Word's"),
    (with_document(entity()), "declares a document type"),
    (with_document(entity().decode().encode("utf-16")), "declares a document type"),
    (with_document(f"<w:document {NAMESPACES}>{'<w:p>' * 300}"), "is no XML: Excessive depth"),
    (repacked(EMPTY, {"word/styles.xml": " " * 20_000_001}), "its part word/styles.xml is larger than 20 MB"),
    (word(p(code("begin"), r("“lost in a field”"))), "a field that never ends"),
    (word(p(code("begin") * 60 + code("end") * 60)), "fields too deep in each other"),
    (word(p(r("x"), f"<w:r><w:pict>{p(code('begin'))}</w:pict></w:r>", code("end"))), "a field that never ends"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_files_that_word_would_not_write_are_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(SourceRefused, match=message):
        draft_of(data, "a.docx", 100_000_000)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    data = with_document(b" " * 50_000_000)
    assert len(data) < 200_000
    with pytest.raises(UsageError, match=r"a\.docx is larger than 10 MB when it is decompressed"):
        draft_of(data, "a.docx", LIMIT)


def test_an_archive_that_lies_about_its_sizes_is_damaged() -> None:
    data = bytearray(with_document(b"<a>" + b" " * 5_000_000 + b"</a>"))
    at = data.index(b"word/document.xml", data.index(b"PK\x01\x02")) - 46
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    with pytest.raises(SourceRefused, match="is damaged: Bad CRC-32"):
        draft_of(bytes(data), "a.docx", LIMIT)


def test_without_python_docx_the_hint_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx.oxml", None)
    with pytest.raises(UsageError, match=r"needs python-docx; install it: pip install '\.\[docx\]' in a checkout"):
        draft_of(EMPTY, "a.docx", LIMIT)


def test_a_long_document_takes_little_time() -> None:
    data = word(p(r("ab "), r("cd")) * 40_000)
    started = time.thread_time()
    assert len(from_docx(data, "a.docx", 100_000_000).text) == 239_999
    assert time.thread_time() - started < 10


RICH = word("".join(body for body, _ in PLACES) + "".join(body for body, _, _ in LEFT_OUT), footnotes=note(7, "x"))


@given(damaged(RICH))
def test_no_damage_to_the_file_raises_anything_but_our_errors(data: bytes) -> None:
    with contextlib.suppress(StetError):
        assert draft_of(b"PK\x03\x04" + data[4:], "a.docx", LIMIT).text is not None


PARTS = ["word/document.xml", "word/styles.xml", RELATED, "_rels/.rels", "word/footnotes.xml"]


@given(st.data(), st.sampled_from(PARTS))
def test_no_damage_to_a_part_raises_anything_but_our_errors(data: st.DataObject, part: str) -> None:
    with zipfile.ZipFile(io.BytesIO(RICH)) as package:
        content = data.draw(damaged(package.read(part)))
    with contextlib.suppress(StetError):
        assert draft_of(repacked(RICH, {part: content}), "a.docx", LIMIT).text is not None
