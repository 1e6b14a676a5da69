"""Languages of blogs: stems, stop words, sentences, and answers. Every text here is made up."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.languages import known, measured, primary, supported
from retrieval.lexical import terms
from retrieval.manifest import read_manifest
from retrieval.model import SourceOptions
from retrieval.sentences import sentences
from retrieval.tables import keys_of
from tests.made_up_index import NOW

CODES = "en de fr es it nl pt sv da no nb nn fi hu ro ru el tr ar ta".split()


def test_what_is_supported_and_what_is_measured() -> None:
    assert [code for code in CODES if not supported(code)] == []
    assert [supported(code) for code in ("de-AT", "DE", "pt_BR", "cy", "ja", "x", "")] == [True] * 3 + [False] * 4
    assert [measured(code) for code in ("en", "en-GB", "EN", "de", "cy")] == [True] * 3 + [False] * 2
    assert (primary("en-GB"), primary("PT_br"), primary("de")) == ("en", "pt", "de")
    assert known("cy") is None


@pytest.mark.parametrize("code", CODES)
def test_every_stemmer_and_list_of_stop_words_is_there(code: str) -> None:
    assert terms("Quillhaven 1400", code)
    assert terms("", code) == []


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("de", "Die Häuser und der Fluss für Bürger", ["haus", "fluss", "burg"]),
        ("de-CH", "Flüsse", ["fluss"]),
        ("fr", "Les élèves étaient à l’école", ["elev", "ecol"]),
        ("es", "Los ríos y las casas", ["rios", "cas"]),
        ("sv", "husen och floderna", ["hus", "flod"]),
        ("ru", "Реки и мосты", ["рек", "мост"]),
        ("el", "ποτάμι ποτάμια", ["ποταμ", "ποταμ"]),
        ("tr", "İstanbul IRMAK ırmak", ["istanbul", "irmak", "irmak"]),
        ("cy", "Mae'r afonydd yn codi", ["mae", "r", "afonydd", "yn", "codi"]),
        ("hi", "हिन्दी में", ["हिन्दी", "में"]),
        ("en-GB", "The rivers rise", ["river", "rise"]),
    ],
)
def test_terms_by_language(code: str, text: str, expected: list[str]) -> None:
    found = terms(text, code)
    prefix = "" if primary(code) == "en" else f"{primary(code)}:"
    assert found == [f"{prefix}{term}" for term in expected]


@pytest.mark.parametrize("code", [*CODES, "cy", "ja"])
@given(text=st.text(max_size=60))
def test_text_is_read_in_composed_form(code: str, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert terms(unicodedata.normalize("NFD", text), code) == terms(unicodedata.normalize("NFC", text), code)


def cut(text: str, code: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, code)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "de",
            [
                "Am 26. August stieg der Fluss, z. B. in Wehr.",
                "Dr. Orran sagte z.B. nichts.",
                "Es war 2014.",
                "Ende.",
            ],
        ),
        ("de", ["Die Brücke ist bzw. Die Straße war gesperrt.", "„Was nun?“", "Niemand wusste es."]),
        ("fr", ["M. Orran est parti.", "Le pont est fermé !", "Mme. Varga reste."]),
        ("es", ["El Sr. Orran salió.", "¿Y ahora?", "¡Nada!", "El puente está cerrado."]),
        ("it", ["Il sig. Orran è uscito.", "Il ponte è chiuso."]),
        ("nl", ["Dhr. Orran ging weg, d.w.z. Hij liep.", "De brug is dicht."]),
        ("sv", ["Det var t.ex. Vattnet som steg.", "Bron är stängd."]),
        ("da", ["Den 3. februar steg åen.", "Broen er lukket."]),
        ("nb", ["Den 3. Februar steg elva.", "Broen er stengt."]),
        ("fi", ["Joki nousi 3. Helmikuuta esim. Varjolassa.", "Silta on kiinni."]),
        ("hu", ["Dr. Orran elment.", "A híd február 3. Óta zárva."]),
        ("ru", ["В 2014 г. Река поднялась.", "Мост закрыт."]),
        ("el", ["Ο κ. Orran έφυγε.", "Πού;", "Κανείς δεν ξέρει."]),
        ("tr", ["Dr. Orran gitti.", "Köprü kapalı."]),
        ("ar", ["أين الجسر؟", "لا أحد يعرف."]),
        ("cy", ["Cododd yr afon.", "Mae'r bont ar gau!", "Pam?", "Neb."]),
    ],
)
def test_sentences_by_language(code: str, expected: list[str]) -> None:
    assert cut(" ".join(expected), code) == expected


def test_english_rules_are_english_only() -> None:
    text = "He came on 5 Sept. Then he left. It was 26. August came."
    assert (
        cut(text, "en") == cut(text, "en-GB") == ["He came on 5 Sept.", "Then he left.", "It was 26.", "August came."]
    )
    assert cut(text, "de") == ["He came on 5 Sept. Then he left.", "It was 26. August came."]


@pytest.mark.parametrize("code", ["de", "el", "ar", "cy", "fi"])
@given(st.text(alphabet="aÄß. ?!…;؟„“\n1(–A🌊\u0301", max_size=60))
def test_every_character_stands_in_one_sentence(code: str, text: str) -> None:
    spans = sentences(text, code)
    held = [at for start, end in spans for at in range(start, end)]
    assert held == sorted(set(held))
    assert {at for at, character in enumerate(text) if not character.isspace()} <= set(held)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


# ------------------------------------------------------------------------------------------ in an archive

GERMAN = ["Am 3. Februar sperrten die Behörden mehrere Brücken.", "Zwei Pumpen stehen auf der Wiese."]
ENGLISH = ["The ferry Petrel rammed the jetty at Cold Quay.", "Two pumps stand on the meadow."]


def add(archive: Archive, folder: Path, blog: str, texts: list[str], language: str | None = None) -> None:
    rows = [{"id": str(n), "time": f"2031-02-03T1{n}:00:00+00:00", "text": text} for n, text in enumerate(texts)]
    source = folder / f"{blog}.ndjson"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    archive.add([str(source)], SourceOptions(blog=blog, language=language), NOW, lambda *_: None)


@pytest.fixture
def archive(tmp_path: Path, embedder: Embedder) -> Iterator[Archive]:
    opened = Archive.open(tmp_path / "home", embedder.name, lambda: embedder)
    yield opened
    opened.close()


def test_a_question_s_words_are_read_by_the_language_of_each_blog(archive: Archive, tmp_path: Path) -> None:
    add(archive, tmp_path, "ufer", GERMAN, "de")
    add(archive, tmp_path, "quay", ENGLISH)
    german = archive.ask("Welche Brücke sperrte die Behörde?")
    assert (german.outcome.value, german.passages[0].passage.text) == ("answered", GERMAN[0])
    english = archive.ask("What did the ferry ram?")
    assert (english.outcome.value, english.passages[0].passage.text) == ("answered", ENGLISH[0])
    alone = archive.ask("What did the ferry ram?", visible=frozenset({"quay"}))
    assert alone.passages[0].passage == english.passages[0].passage


def test_another_language_is_read_anew_once_and_embedded_only_where_it_is_cut_otherwise(
    archive: Archive, tmp_path: Path
) -> None:
    add(archive, tmp_path, "ufer", ["Es war am 26. August. Der Fluss stieg. Die Brücken waren zu."])
    add(archive, tmp_path, "quay", ENGLISH)
    before = archive.store.passages_of(archive.embedder.fingerprint, [1, 2, 3])
    assert [(one.start, one.end) for one in before[1]] == [(0, 13), (14, 21), (22, 38), (39, 60)]
    add(archive, tmp_path, "ufer", ["Es war am 26. August. Der Fluss stieg. Die Brücken waren zu."], "de")
    after = archive.store.passages_of(archive.embedder.fingerprint, [1, 2, 3])
    assert [(one.start, one.end) for one in after[1]] == [(0, 21), (22, 38), (39, 60)]
    assert {key: after[key] for key in (2, 3)} == {key: before[key] for key in (2, 3)}
    assert len(archive.store.versions_of("ufer/0")) == 1
    manifest = read_manifest(archive.home / "index")
    assert {blog: language for one in manifest.segments for blog, language in one.blogs.items()} == {
        "quay": "en",
        "ufer": "de",
    }
    assert sum(len(keys_of(archive.home / "index" / "segments" / one.id, one)) for one in manifest.segments) == 3
    assert archive.snapshot().view().rarity("de:bruck") < 1
    again = archive._index(NOW, lambda *_: None)
    assert (again.manifest, again.embedded) == (manifest, 0)
