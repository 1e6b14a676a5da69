"""A draft in Word (.docx) → its words as Word shows them, corrections accepted.

Read are paragraphs, tables, text boxes, notes, headers and footers, links, content controls, the results of fields,
and what was inserted or moved. What was deleted, what is hidden, comments, and what holds no words of its own is left
out, and a warning says so. The elements are those of ECMA-376 part 1, 17 to 22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from retrieval.drafts.elements import Styles, child, holds_words, kind, switch, value
from retrieval.drafts.package import Package
from retrieval.drafts.page import Page, PageWriter, Region
from retrieval.errors import SourceRefused

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_Step = Union["Element", Callable[[], Iterable["_Step"]]]

_NOT_READ = {
    "w:altChunk": "embedded documents",
    "w:subDoc": "embedded documents",
    "w:object": "embedded objects",
    "w:control": "controls",
    "w:rt": "reading aids (ruby)",
    "dgm:relIds": "diagrams (SmartArt)",
    "c:chart": "charts",
    "v:textpath": "lettering (WordArt)",
}
_WORDS = frozenset({"w:t", "m:t", "a:t"})
_BLANKS = frozenset({"w:tab", "w:ptab"})
_BREAKS = frozenset({"w:br", "w:cr"})
_ASIDE = frozenset({"w:drawing", "w:pict", "w:object"})
"""What a paragraph holds beside its words: its own words, in text boxes, are read after those of the paragraph."""
_GONE = frozenset({"w:del", "w:delText", "w:moveFrom"})
_MOVED = "moved passages, which are read where they stand now"
_NOTES = {"w:footnoteReference": "footnotes", "w:endnoteReference": "endnotes"}
_NO_NOTES = frozenset({"separator", "continuationSeparator", "continuationNotice"})
_WITHOUT_RESULT = frozenset("EQ SYMBOL MACROBUTTON GOTOBUTTON LISTNUM AUTONUM AUTONUMLGL AUTONUMOUT".split())
"""Fields whose words Word makes anew whenever it shows them, and does not store."""
_PRIVATE = range(0xF000, 0xF100)
_CODE = re.compile(r"[0-9A-Fa-f]{1,6}")
_LONGEST_CODE, _MOST_FIELDS = 1_000, 50
"""Characters of a field's code, and fields inside each other."""


def from_docx(data: bytes, name: str, size_limit: int) -> Page:
    """The words of a Word file. Raises SourceRefused where it is damaged, encrypted or no Word file, UsageError where
    there is more within than `size_limit` bytes, or where python-docx is not installed."""
    package = Package(data, name, size_limit)
    main = package.main()
    parts: dict[str, list[str]] = {}
    for related in package.related(main):
        if related.part is not None:
            parts.setdefault(related.kind, []).append(related.part)
    styles = parts.get("styles", [])
    reader = _Reader(name, Styles(package.tree(styles[0]) if styles else None))
    body = package.tree(main)
    if kind(body) != "w:document":
        raise SourceRefused(f"{name} is no document of Word's", "open it in Word, and save it again as .docx")
    reader.story(body)
    for notes in dict.fromkeys(_NOTES.values()):
        reader.notes(notes, [note for part in parts.get(notes, []) for note in package.tree(part)])
    for part in dict.fromkeys([*parts.get("header", []), *parts.get("footer", [])]):
        reader.margin(package.tree(part))
    return reader.page()


@dataclass(slots=True)
class _Field:
    """A field between its beginning and its end: code first, then the result that is shown."""

    code: str = ""
    in_result: bool = False
    shows: bool = False


@dataclass(slots=True)
class _Paragraph:
    """A paragraph that is being read. `hides`: by its style its words are not shown."""

    hides: bool
    aside: list[Element] = field(default_factory=list)


class _Reader:
    def __init__(self, name: str, styles: Styles) -> None:
        self._name, self._styles = name, styles
        self._writer = PageWriter(name)
        self._fields: list[_Field] = []
        self._open: list[_Paragraph] = []
        self._block: str | None = None  # the style of the block quote that is open
        self._joins = False  # the paragraph before has lost its end
        self._noted: dict[str, set[str | None]] = {}
        self._margins: set[str] = set()
        self._steps: dict[str, Callable[[Element], Iterable[_Step]]] = {
            "w:p": self._paragraph,
            "a:p": self._paragraph,
            "w:r": self._run,
            "w:tr": self._row,
            "w:tc": self._cell,
            "w:sym": self._symbol,
            "w:fldChar": self._field,
            "w:instrText": self._code,
            "w:commentReference": self._comment,
            "mc:AlternateContent": self._alternatives,
        }

    def page(self) -> Page:
        return self._writer.page()

    def story(self, root: Element) -> None:
        """Read what stands by itself: the body, a note, a header."""
        self._writer.paragraph()
        waiting: list[_Step] = [root]
        while waiting:
            one = waiting.pop()
            waiting += reversed(list(one() if callable(one) else self._enter(one)))
        self._close()
        self._refuse_open_fields()

    def notes(self, name: str, notes: Iterable[Element]) -> None:
        """Read the notes that something read so far refers to."""
        wanted = self._noted.pop(name, set())
        for note in notes:
            if value(note, "type") in _NO_NOTES:
                continue
            if value(note, "id") in wanted:
                wanted.discard(value(note, "id"))
                self.story(note)
            elif holds_words(note):
                self._writer.leave_out("notes that nothing refers to")
        for _ in wanted:
            self._writer.leave_out(f"{name} that are missing from the file")

    def margin(self, root: Element) -> None:
        """Read a header or footer; the same words on other pages only once."""
        words = "\n".join(root.itertext())
        if words not in self._margins:
            self._margins.add(words)
            self.story(root)

    def _enter(self, element: Element) -> Iterable[_Step]:
        name = kind(element)
        if name in _NOT_READ:
            self._writer.leave_out(_NOT_READ[name])
        if name in _WORDS:
            self._words(element.text or "")
        elif name in _BLANKS:
            self._words(" ")
        elif name in _BREAKS:
            self._line(value(element, "type"))
        elif name == "w:noBreakHyphen":
            self._words("-")
        elif name in _GONE:
            self._drop(element, _MOVED if name == "w:moveFrom" else "deleted passages")
        elif name in _NOTES:
            self._noted.setdefault(_NOTES[name], set()).add(value(element, "id"))
        elif name in _ASIDE and self._open:
            self._open[-1].aside.append(element)
        elif name in self._steps:
            return self._steps[name](element)
        elif name != "w:rt" and not name.endswith("Pr"):
            return list(element)
        return ()

    def _words(self, text: str) -> None:
        if not all(one.in_result for one in self._fields):
            return
        self._writer.words(text)
        for one in self._fields:
            one.shows = one.shows or bool(text.strip())

    def _line(self, sort: str | None) -> None:
        if sort in ("page", "column"):
            self._writer.paragraph()
        else:
            self._writer.line()

    def _drop(self, element: Element, what: str) -> None:
        if holds_words(element):
            self._writer.leave_out(what)

    def _paragraph(self, element: Element) -> Iterable[_Step]:
        properties = child(element, "w:pPr")
        style = value(child(properties, "w:pStyle"))
        if not self._joins:
            self._writer.paragraph()
            self._set_block(style if self._styles.is_quote(style) else None)
        self._joins = False
        self._open.append(_Paragraph(hides=self._styles.hides(style) or False))
        mark = child(properties, "w:rPr")
        loses_its_end = switch(mark, "w:vanish") or any(child(mark, gone) is not None for gone in _GONE)
        return [*element, lambda: self._paragraph_ends(bool(loses_its_end))]

    def _paragraph_ends(self, loses_its_end: bool) -> Iterable[_Step]:
        aside = self._open.pop().aside
        self._joins = loses_its_end and not aside
        if not self._joins:
            self._writer.paragraph()
        if not aside:
            return ()
        self._set_block(None)
        fields, self._fields = self._fields, []
        return [*(part for one in aside for part in one), lambda: self._back_from_aside(fields)]

    def _back_from_aside(self, fields: list[_Field]) -> Iterable[_Step]:
        self._refuse_open_fields()
        self._fields = fields
        self._close()
        return ()

    def _run(self, element: Element) -> Iterable[_Step]:
        properties = child(element, "w:rPr")
        hides = switch(properties, "w:vanish")
        if hides is None:
            hides = self._styles.hides(value(child(properties, "w:rStyle")))
        if hides is None:
            hides = bool(self._open) and self._open[-1].hides
        if not hides:
            return list(element)
        self._drop(element, "hidden passages")
        return [one for one in element if kind(one) in ("w:fldChar", "w:instrText")]

    def _row(self, element: Element) -> Iterable[_Step]:
        if child(child(element, "w:trPr"), "w:del") is None:
            return list(element)
        self._drop(element, "deleted passages")
        return ()

    def _cell(self, element: Element) -> Iterable[_Step]:
        if child(child(element, "w:tcPr"), "w:cellDel") is None:
            return [*element, self._close]
        self._drop(element, "deleted passages")
        return ()

    def _close(self) -> Iterable[_Step]:
        self._joins = False
        self._set_block(None)
        self._writer.paragraph()
        return ()

    def _set_block(self, style: str | None) -> None:
        """Paragraphs of one style, one after the other, are one block quote."""
        if style == self._block:
            return
        if self._block is not None:
            self._writer.end(Region.BLOCK)
        if style is not None:
            self._writer.begin(Region.BLOCK)
        self._block = style

    def _symbol(self, element: Element) -> Iterable[_Step]:
        found = _CODE.fullmatch(value(element, "char") or "")
        code = int(found[0], 16) if found else 0
        if code in _PRIVATE or not chr(min(code, 0x10FFFF)).isprintable():
            self._writer.leave_out("symbols of fonts such as Wingdings")
        else:
            self._words(chr(code))
        return ()

    def _field(self, element: Element) -> Iterable[_Step]:
        step = value(element, "fldCharType")
        if step == "begin":
            self._fields.append(_Field())
            if len(self._fields) > _MOST_FIELDS:
                self._refuse_open_fields()
        elif step == "separate" and self._fields:
            self._fields[-1].in_result = True
        elif step == "end" and self._fields:
            ended = self._fields.pop()
            name = (ended.code.split() or [""])[0].upper()
            if name in _WITHOUT_RESULT and not ended.shows:
                self._writer.leave_out(f"fields of the kind {name}")
        return ()

    def _code(self, element: Element) -> Iterable[_Step]:
        if self._fields and len(self._fields[-1].code) < _LONGEST_CODE:
            self._fields[-1].code += (element.text or "")[:_LONGEST_CODE]
        return ()

    def _comment(self, _: Element) -> Iterable[_Step]:
        self._writer.leave_out("comments")
        return ()

    def _alternatives(self, element: Element) -> Iterable[_Step]:
        """The same drawing for newer programs and, as a fallback, for older ones: what Word itself shows is first."""
        for name in ("mc:Choice", "mc:Fallback"):
            found = child(element, name)
            if found is not None:
                return list(found)
        return ()

    def _refuse_open_fields(self) -> None:
        if self._fields:
            raise SourceRefused(
                f"{self._name} holds a field that never ends, or fields too deep in each other",
                "open it in Word, turn its fields into text (Ctrl+A, Ctrl+Shift+F9), and save it again",
            )
