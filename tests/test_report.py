"""The report: every text in it comes from somewhere, and a reader finds each verdict, with or without eyes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from bot.output import safe
from bot.report import page
from retrieval.archive import Archive
from retrieval.drafts import draft_of, from_plain
from retrieval.drafts.finding import Draft, find_quotations
from retrieval.embedding import Embedder
from retrieval.errors import SourceRefused, UsageError
from retrieval.model import Filter, Version
from retrieval.verdicts import QuoteCheck
from tests.browser import chromium, opened
from tests.drafted import ROWS, STORY, flood
from tests.page_walk import PageWalk, is_heard, paragraphs, tree

NOW = datetime(2031, 2, 4, 9, 30, tzinfo=UTC)
VERDICTS = [
    "EXACT",
    "TYPOGRAPHIC, DIFFERENT SPEAKER",
    "ELIDED",
    "ALTERED",
    "SPLICED, CAUTION",
    "NOT FOUND",
    "TYPOGRAPHIC, CAUTION",
    "ELIDED, CAUTION",
    "ELIDED, CAUTION",
    "TYPOGRAPHIC, CAUTION",
    "ELIDED, CAUTION",
    "EXACT, EARLIER WORDING",
    "EXACT, CAUTION",
    "EXACT",
    "NO VERDICT",
]
"""Of the story's quotations, in their order."""

# The least ratio of WCAG 2.2 (success criterion 1.4.3) for text of any size.
_CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!colour.startsWith('rgba(') ) return colour;
      if (!colour.endsWith(', 0)')) throw new Error('half transparent: ' + colour);
    }
    throw new Error('no background');
  };
  const found = [];
  for (const one of document.body.querySelectorAll('*')) {
    if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(paper(one))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.outerHTML.slice(0, 120)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Archive]:
    archive = flood(tmp_path_factory.mktemp("report"), embedder)
    yield archive
    archive.close()


@pytest.fixture(scope="module")
def draft() -> Draft:
    return draft_of(STORY.encode(), "story.md", 1_000_000)


@pytest.fixture(scope="module")
def report(archive: Archive, draft: Draft) -> str:
    covered = archive.store.coverage(Filter())
    return page(draft, checks(archive, draft), "<i>story</i>.md", NOW, covered)


@pytest.fixture(scope="module")
def file(report: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def checks(archive: Archive, draft: Draft) -> list[QuoteCheck | None]:
    found: list[QuoteCheck | None] = []
    with archive.checking() as checking:
        for one in draft.quotations:
            try:
                found.append(checking.check(one.text, one.speaker_name))
            except UsageError:
                found.append(None)
    return found


def versions(archive: Archive) -> Sequence[Version]:
    return [one for row in ROWS for one in archive.versions_of(f"flood/{row['id']}")]


# ------------------------------------------------------------------------------------------------ the page itself


def test_every_text_comes_from_somewhere(archive: Archive, draft: Draft, report: str) -> None:
    PageWalk(versions=versions(archive), draft=draft, name="<i>story</i>.md").page(report)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("It does not pass.", "It is wrong."),
        ("Gauge &lt;b&gt;rises", "Gauge &lt;b&gt;sinks"),
        ("8.12am UTC, Monday 3 February 2031", "8.12am UTC, Monday the third"),
        (">1,400<", ">1,401<"),
        ("So much for the morning", "So much for the evening"),
        ("Ottoline Brask said: “No", "Ottoline Brask said: “Yes"),
        ("9.00am UTC", "9.01am UTC"),
    ],
)
def test_the_walk_finds_what_comes_from_nowhere(
    archive: Archive, draft: Draft, report: str, there: str, instead: str
) -> None:
    assert there in report
    with pytest.raises(AssertionError):
        PageWalk(versions=versions(archive), draft=draft, name="<i>story</i>.md").page(report.replace(there, instead))


def test_the_page_loads_and_runs_nothing_and_links_to_the_archive_alone(report: str) -> None:
    root = tree(report)
    assert {one.name for one in root.everything()}.isdisjoint({"script", "img", "link", "iframe", "form", "base"})
    [policy] = [one for one in root.all("meta") if "http-equiv" in one.attributes]
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    away = [one for one in root.all("a") if not one.attributes["href"].startswith("#")]
    assert {one.attributes["href"] for one in away} == {ROWS[0]["url"]}
    assert {one.attributes["rel"] for one in away} == {"noopener noreferrer"}
    allowed = {"id", "class", "href", "rel", "lang", "dir", "scope", "tabindex", "aria-labelledby"}
    [body] = root.all("body")
    assert {key for one in body.everything() for key in one.attributes} == allowed


def test_every_link_within_leads_somewhere_and_no_anchor_is_double(report: str) -> None:
    root = tree(report)
    anchors = [one.attributes["id"] for one in root.everything() if "id" in one.attributes]
    assert len(anchors) == len(set(anchors))
    inner = {one.attributes["href"][1:] for one in root.all("a") if one.attributes["href"].startswith("#")}
    assert inner <= set(anchors)
    numbers = range(1, len(VERDICTS) + 1)
    assert {f"f{number}" for number in numbers} | {f"q{number}" for number in numbers} <= inner


def test_the_summary_counts_by_verdict(report: str) -> None:
    [table] = tree(report).all("table")
    rows = [[cell.text() for cell in row.all("th", "td")] for row in table.all("tr")]
    assert rows == [
        ["Verdict", "Quotations", "Passing"],
        ["EXACT", "4", "2"],
        ["TYPOGRAPHIC", "3", "1"],
        ["ELIDED", "4", "1"],
        ["ALTERED", "1", "0"],
        ["SPLICED", "1", "0"],
        ["NOT FOUND", "1", "0"],
        ["NO VERDICT", "1", "0"],
        ["All", "15", "4"],
    ]
    said = [one.text() for one in tree(report).all("p")]
    assert "Not passing: 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15" in said
    assert "Another speaker than the draft names: 2" in said
    assert "Checked at 9.30am UTC, Tuesday 4 February 2031." in said
    ends = "from 8.01am UTC, Monday 3 February 2031 to 10.00am UTC, Monday 3 February 2031"
    assert f"Compared with: live blogs: 1, entries: 7, {ends}." in said


def test_the_draft_is_marked_and_badged(report: str) -> None:
    root = tree(report)
    [shown] = root.of("text")
    badges = [one.text() for one in shown.of("badge")]
    assert badges == [f"{number} {verdict}" for number, verdict in enumerate(VERDICTS, start=1)]
    assert [one.kinds for one in shown.all("mark")][3:5] == [["altered"], ["spliced"]]
    fourth = next(one for one in shown.all("p") if "1,500" in one.text())
    assert fourth.text() == ("“The gauge at Wendbridge stood at 1,500 millimetres, the harbor board said.”4 ALTERED")


def test_differences_stand_side_by_side(report: str) -> None:
    article = list(tree(report).all("article"))[3]
    ours, theirs = article.of("side")
    assert [one.text(is_heard) for one in ours.all("ins")] == ["1,500", "harbor", "1,500", "harbor"]
    assert next(ours.all("ins")).text() == "inserted: 1,500"
    assert [one.text() for one in theirs.all("del")] == ["removed: 1,400", "removed: harbour"]
    assert [one.text(is_heard) for one in theirs.of("published")] == [
        "The gauge at Wendbridge stood at 1,400 millimetres, the harbour board said."
    ]
    assert [one.text(is_heard) for one in ours.of("given")] == [
        "The gauge at Wendbridge stood at 1,500 millimetres, the harbor board said."
    ]


def test_a_changed_title_is_struck_too(archive: Archive) -> None:
    draft = draft_of("“Gauge <b>sinks</b> at Wendbridge”".encode(), "a.txt", 1_000)
    root = tree(page(draft, checks(archive, draft), "a.txt", NOW))
    [theirs] = [one for one in root.of("published") if any(one.all("del"))]
    assert (theirs.text(is_heard), [one.text(is_heard) for one in theirs.all("del")]) == (
        "Gauge <b>rises</b> at Wendbridge",
        ["rises"],
    )


def test_cautions_and_speakers_are_loud(report: str) -> None:
    root = tree(report)
    cautions = [one.text() for one in root.of("caution")]
    beginnings = ("negation", "number", "reservation", "who the sentence says", "words in brackets")
    assert all(any(f"{kind}" in one for one in cautions) for kind in beginnings)
    assert [one.text() for one in root.of("loud")] == [
        "Another speaker than the draft names: 2",
        "DIFFERENT: the entry names another than Casimir Thole as the one who said it.",
    ]


def test_what_is_not_checked_is_listed_with_its_place(report: str) -> None:
    [section] = [one for one in tree(report).all("section") if one.attributes["id"] == "skipped"]
    assert section.text() == (
        "Not checkedone or two words: 1“cut off”a mark that nothing closes: 1“Nothing closes thisan apostrophe: 1"
        'code: 1print("a b c")'
    )


def test_a_draft_without_quotations_has_a_page(archive: Archive) -> None:
    draft = draft_of(b"Nothing is quoted.", "a.txt", 1_000)
    root = tree(page(draft, [], "a.txt", NOW))
    [findings] = [one for one in root.all("section") if one.attributes["id"] == "findings"]
    assert findings.text().startswith("FindingsThe draft holds no quotation")
    assert paragraphs(root) == ["Nothing is quoted."]


def test_many_places_of_one_quotation_are_counted(archive: Archive, draft: Draft) -> None:
    found = checks(archive, draft)[0]
    assert found is not None
    many = [*found.matches] * 100
    one = Draft(text=draft.text, quotations=draft.quotations[:1], skipped=())
    places = tuple(replace(match, place=number) for number, match in enumerate(many))
    root = tree(page(one, [replace(found, matches=places)], "a.md", NOW))
    shown = len(list(root.of("place")))
    assert 10 < shown < 60
    assert [each.text() for each in root.of("foot")] == [f"Passages left out for length: {100 - shown}"]


def test_checks_and_quotations_go_together(draft: Draft) -> None:
    with pytest.raises(ValueError, match="shorter"):
        page(draft, [], "a.md", NOW)


_WORDS = st.text(st.sampled_from("ab ,.\n“”\"'‘’<>&;-…[]\u202e\u2066\x00\x1b\x85\r\ud800\ufffe é界`"), max_size=200)


@settings(max_examples=300)
@given(words=_WORDS, name=st.text(max_size=30))
def test_any_draft_is_shown_whole(words: str, name: str) -> None:
    try:
        draft = find_quotations(from_plain(words, "a.txt"))
    except SourceRefused:
        return
    root = tree(page(draft, [None] * len(draft.quotations), name, NOW))
    shown = [
        re.sub("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", "\ufffd", safe(line)) for line in draft.text.split("\n")
    ]
    assert paragraphs(root) == [line for line, raw in zip(shown, draft.text.split("\n"), strict=True) if raw.strip()]
    anchors = [one.attributes["id"] for one in root.everything() if "id" in one.attributes]
    inner = {one.attributes["href"][1:] for one in root.all("a") if one.attributes["href"].startswith("#")}
    assert inner <= set(anchors)
    assert len(anchors) == len(set(anchors))
    page(draft, [None] * len(draft.quotations), name, NOW).encode()


# ------------------------------------------------------------------------------------------------ in a browser


def test_without_a_browser_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "install the Debian package chromium"
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=reason), chromium():
        pass
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=reason), chromium():
        pass


def test_each_verdict_is_found_from_the_draft_and_back(browser: Browser, file: Path) -> None:
    with opened(browser, file) as shown:
        for number, verdict in enumerate(VERDICTS, start=1):
            shown.get_by_role("link", name=f"{number} {verdict}", exact=True).click()
            assert shown.url.endswith(f"#f{number}")
            name = f"{verdict} Quotation {number} of {len(VERDICTS)}"
            article = shown.get_by_role("article", name=name, exact=True)
            expect(article).to_be_in_viewport()
            expect(article.get_by_role("heading", level=3)).to_have_text(name)
            article.get_by_role("link", name=f"Show {number} in the draft", exact=True).click()
            assert shown.url.endswith(f"#q{number}")
            expect(shown.locator(f"#q{number}")).to_be_in_viewport()


def test_it_reads_well_without_eyes(browser: Browser, file: Path) -> None:
    with opened(browser, file) as shown:
        assert shown.title() == "Stet: quotations of <i>story</i>.md"
        assert shown.locator("html").get_attribute("lang") == "en"
        for landmark in ("banner", "main"):
            expect(shown.get_by_role(landmark)).to_have_count(1)
        for region in ("Summary", "The draft", "Findings", "Not checked"):
            expect(shown.get_by_role("region", name=region, exact=True)).to_have_count(1)
        levels = shown.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((one) => +one.tagName[1])")
        assert levels[:2] == [1, 2]
        assert all(after <= before + 1 for before, after in pairwise(levels))
        tree_of_fourth = shown.locator("#f4").aria_snapshot()
        for said in ('- insertion: "inserted: 1,500"', '- deletion: "removed: 1,400"'):
            assert said in tree_of_fourth
        expect(shown.get_by_role("table", name="Quotations by verdict")).to_have_count(1)
        expect(shown.get_by_role("rowheader", name="SPLICED")).to_have_count(1)


def test_the_keyboard_reaches_the_findings_at_once(browser: Browser, file: Path) -> None:
    with opened(browser, file) as shown:
        shown.keyboard.press("Tab")
        skip = shown.get_by_role("link", name="Skip to the findings")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        assert skip.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
        shown.keyboard.press("Enter")
        expect(shown.locator("#findings")).to_be_focused()


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_is_wider_than_the_window(browser: Browser, tmp_path: Path, file: Path, width: int) -> None:
    long = tmp_path / "long.html"
    words = f"“{'Wendbridge' * 60} stood at the gauge”"
    draft = draft_of(words.encode(), "a.txt", 10_000)
    long.write_text(page(draft, [None], "x" * 400, NOW), encoding="utf-8")
    for one in (file, long):
        with opened(browser, one, width=width) as shown:
            assert shown.evaluate("document.documentElement.scrollWidth") == width


def test_sides_stand_beside_each_other_where_there_is_room(browser: Browser, file: Path) -> None:
    def boxes(shown: Page) -> list[tuple[float, float]]:
        found = [one.bounding_box() for one in shown.locator("#f4 .side").all()]
        return [(one["x"], one["y"]) for one in found if one]

    with opened(browser, file, width=1280) as shown:
        (left, top), (right, same) = boxes(shown)
        assert left < right
        assert top == same
    with opened(browser, file, width=360) as shown:
        (left, top), (same, below) = boxes(shown)
        assert left == same
        assert top < below


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Browser, file: Path, scheme: str) -> None:
    with opened(browser, file, scheme="dark" if scheme == "dark" else "light") as shown:
        found = shown.evaluate(_CONTRASTS)
        assert len(found) > 100
        assert [one for one in found if one[0] < 4.5] == []


def test_in_print_what_only_works_on_a_screen_is_left_out(browser: Browser, file: Path) -> None:
    with opened(browser, file) as shown:
        shown.emulate_media(media="print")
        expect(shown.locator(".skip")).to_be_hidden()
        expect(shown.locator("#f4 .back")).to_be_hidden()
        expect(shown.locator("#f4 .published").first).to_be_visible()
