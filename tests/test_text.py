from __future__ import annotations

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import SourceRefused
from retrieval.markup import DEEPEST, html_without, parse_fragment, parse_html
from retrieval.text import from_html, from_node, from_plain, title_from_html

LINES = [
    ("", ""),
    ("The river rose.", "The river rose."),
    ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
    ("<p>One.</p>\n\n  <p>Two.</p>  ", "One.\nTwo."),
    ("<p>One.<br><br/>Two.<hr>Three.", "One.\nTwo.\nThree."),
    ("<div><div><p>One.</p></div></div>Two.", "One.\nTwo."),
    ("<h2>Head</h2><ul><li>a<li>b <ol><li>c</ol></ul>d", "Head\na\nb\nc\nd"),
    ("<blockquote><p>We will not.</p><cite>Nell Arden</cite></blockquote>", "We will not.\nNell Arden"),
    ("<dl><dt>Wind<dd>Force 9</dl>", "Wind\nForce 9"),
    ("<table><tr><th>Dune<th>Metres<tr><td>North<td>4.2</table>", "Dune Metres\nNorth 4.2"),
    ("<table><tr><td><p>a</p><p>b</p><td>c</table>", "a\nb\nc"),
    ("a <b>bold</b>, <i>it</i>alic, <a href='x'>link</a>.", "a bold, italic, link."),
    ("<span>gl</span><span>ued</span>", "glued"),
    ("<span>one </span> <span> two</span>", "one two"),
    ("  a\n\t b \r\n c\f", "a b c"),
    ("a&nbsp;&nbsp;b \u00a0c", "a\u00a0\u00a0b \u00a0c"),
    ("<p>&nbsp;</p><p>a</p><p> \u200b\ufeff</p>", "a"),
    ("a\u2009b\u2028c", "a\u2009b\u2028c"),
    ("&lt;b&gt; &amp; &pound;5 &#8217; &#x2014; &hellip;", "<b> & £5 ’ — …"),
    ("&amp;amp; &unheardof; &", "&amp; &unheardof; &"),
    ("e\u0301 “quotes” ‘as’ they – stand… ﬁ", "e\u0301 “quotes” ‘as’ they – stand… ﬁ"),
    ("a < b > c <3 d", "a < b > c <3 d"),
    ("a<!-- b --><!--> c -->d", "a c -->d"),
    ("a<script>b</script><style>c</style><template><p>d</p></template><noscript>e</noscript>f", "af"),
    ("a<svg><text>b</text><path/></svg><form>c<input></form><button>d</button><select><option>e</select>f", "af"),
    ("a<iframe>b</iframe><video>c</video><audio>d</audio><object>e</object>f", "af"),
    ("a<script><!-- <script>b</script> c", "a c"),
    ("<pre>one\n  two\n</pre>three", "one\ntwo\nthree"),
    ("<p>a</p><svg/><p>b</p>", "a\nb"),
    ("<p>a <svg class='x' viewBox=\"0 0\" />b</p><p>c</p><svg><path/></svg>d", "a b\nc\nd"),
    ("a<svg href=b/>c</svg>d", "ad"),
    (
        "<div class='social'><p>The social plan is dead.</p></div><div class='rating'><blockquote>b</blockquote>",
        "The social plan is dead.\nb",
    ),
    (
        "<div class='share'>Every share in the harbour company has been sold to the town.</div>",
        "Every share in the harbour company has been sold to the town.",
    ),
    ("<p>a</p><ul class='social'><li><a>Post</a></li><li><a>Mail it</a></li></ul><p>b</p>", "a\nb"),
    ("<ul class='stars'><li>Una Holt</li><li>Sam Reed</li></ul>", "Una Holt\nSam Reed"),
    ("<p>a</p><div class='sharedaddy'><p>Share this:</p><ul><li>Mail</ul></div><p>b</p>", "a\nb"),
    ("<textarea>a</textarea><title>b</title>c", "c"),
    ("<frameset><frame>a</frameset>b", "ab"),
    ("a<p hidden>b</p><span style='color: red; display:none'>c</span><i style='displays: none'>d</i>", "ad"),
    ("<b>a<p>b</b>c", "a\nbc"),
    ("a</p>b</div></b>c", "a\nbc"),
    ("<math><mi>x</mi><mo>=</mo><mn>3</mn></math>", "x=3"),
    (
        "<figure><img alt='unseen'><figcaption><span>A dune.</span> <span>Photograph: Ola Tern</span></figcaption>",
        "A dune. Photograph: Ola Tern",
    ),
    (
        "<blockquote class='tweet'><p>Off it. <a>pic.example/1</a></p>&mdash; Wend (@wend) <a>July 3, 2031</a>",
        "Off it. pic.example/1\n— Wend (@wend) July 3, 2031",
    ),
    (
        "a<div class='ad-slot'>Advertisement</div><div class='x block-share'>Share</div><p class='stars'>★★</p>",
        "a",
    ),
    ("a<p class='updated-time'>Updated at 5.58pm</p><span class='sr-only'>spoken</span>", "a"),
    (
        "<p class='adviser'>kept</p><p class='shared'>kept too</p><p class='starboard'>and this</p>",
        "kept\nkept too\nand this",
    ),
]


@pytest.mark.parametrize(("markup", "text"), LINES, ids=range(len(LINES)))
def test_a_reader_sees_these_words_on_these_lines(markup: str, text: str) -> None:
    assert from_html(markup) == text


def test_a_title_is_one_line_or_none() -> None:
    assert title_from_html(" All <em>safe</em><br>ashore &amp; dry ") == "All safe ashore & dry"
    assert title_from_html("Wind & rain: 5 < 9") == "Wind & rain: 5 < 9"
    assert title_from_html(" <b> </b> ") is None


def test_plain_text_keeps_all_but_line_ends_and_margins() -> None:
    assert from_plain("  a\r\nb\rc  <b>&amp;\n") == "a\nb\nc  <b>&amp;"


def test_half_a_surrogate_pair_and_a_nul_are_no_characters() -> None:
    assert from_html("a\ud83cb&#xd83c;\0c") == "a\ufffdb\ufffdc"


def test_elements_can_be_left_out_of_the_words_and_of_the_markup() -> None:
    body = parse_fragment("<p>a<b>b</b>c</p><b>b</b><p>d</p>")
    bold = body.css("b")
    assert from_node(body, bold[0]) == "ac\nb\nd"
    assert html_without(body, lambda one: one.tag == "b") == "<body><p>ac</p><p>d</p></body>"
    assert html_without(body, lambda one: False) == "<body><p>a<b>b</b>c</p><b>b</b><p>d</p></body>"


@given(st.text())
def test_any_text_is_taken_and_gives_trimmed_lines(text: str) -> None:
    for line in from_html(text).split("\n")[1:]:
        assert line.strip()


PIECES = st.sampled_from(
    "< > </ <! <!-- --> <p> </p> <div> </div> <b a=1> </b> <a href='> </a> <li> <td> <table> </table> <tr> <script> "
    "</script> <svg> </svg> <select> <title> </title> <![CDATA[ ]]> <br/> <template> <plaintext> <math> &lt; & word "
    "<form> <button> <frameset> <object> </object> <optgroup> <K> \0 \ud800 \u00a0".split(" ")
)


@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_tags_are_taken(markup: str) -> None:
    text = from_html(markup)
    assert text == "\n".join(line.strip(" ") for line in text.split("\n"))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1), min_size=1))
def test_words_in_paragraphs_come_out_as_they_went_in(words: list[str]) -> None:
    visible = [word for word in words if word.strip("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")]
    markup = "".join(f"<p>{html.escape(word)}</p>" for word in words)
    assert from_html(markup) == "\n".join(visible)


def seconds(markup: str) -> float:
    start = time.perf_counter()
    from_html(markup)
    return time.perf_counter() - start


HEAVY = {
    "divs": "<div>" * 200_000,
    "closed divs": "<div>" * 100_000 + "a" + "</div>" * 100_000,
    "bold": "<p>" + "".join(f"<b a={number}>" for number in range(5_000)) + "<p>x" * 20_000,
    "objects that keep an end tag out": "<div><object></div></object>" * 30_000,
    "titles in selects": ("<select><title></select>" + "<div>" * 50_000 + "</title>"),
    "breakouts of drawings": "<svg><div/></svg>" * 50_000,
    "option groups": "<optgroup>" * 50_000,
    "unended tags": "<a " * 100_000,
    "unended comments": "<!--" * 100_000,
    "unended quotations": "<div x='" * 100_000,
    "unended scripts": "<script>" * 100_000,
    "end tags": "</div>" * 200_000,
    "crossed": "<i><div>" + "<b>" * 50_000 + "</i>" * 50_000,
    "references": "&" * 500_000,
    "spaces": "a " * 500_000 + " " * 500_000,
    "voids": "<img>" * 200_000,
}


@pytest.mark.parametrize("name", HEAVY)
def test_no_markup_takes_long(name: str) -> None:
    assert seconds(HEAVY[name]) < 10


def test_time_grows_with_the_length_alone() -> None:
    paragraph = "<p>The <b>river</b> rose by <a href='x'>four</a> inches overnight.</p>\n"
    small, large = seconds(paragraph * 2_000), seconds(paragraph * 20_000)
    assert large < 40 * small + 1


def test_words_too_deep_are_kept_and_their_lines_too() -> None:
    deep = "<div>" * 5_000
    assert from_html(f"a{deep}b{'</div>' * 5_000}c<p>d</p>") == "a\nb\nc\nd"
    assert from_html("<div>" * 5_000 + "a<div>b</div>c") == "a\nb\nc"
    assert from_html("<span>" * 5_000 + "a") == "a"


def test_a_document_too_deep_is_refused_in_one_line() -> None:
    with pytest.raises(SourceRefused, match=f"^page.html is nested more than {DEEPEST} elements deep; [^\n]*$"):
        parse_html("<div>" * 100_000, "page.html")
    assert from_node(parse_html("<div>" * DEEPEST + "a", "page.html").body or parse_fragment("")) == "a"


def test_a_document_that_nobody_closed_is_no_deep_one() -> None:
    tree = parse_html("<ul>" + "<li>a<p>b" * 5_000 + "<table>" + "<tr><td>c" * 5_000, "page.html")
    assert len(tree.css("li")) == len(tree.css("td")) == 5_000


def test_scripts_and_their_data_stay_in_the_tree() -> None:
    tree = parse_html('<script type="application/ld+json">{"a": "<!-- <script> </div>"}</script><p>b', "page.html")
    script = tree.css_first("script")
    assert script is not None
    assert script.text() == '{"a": "\\u003c!-- <script> </div>"}'
    assert len(tree.css("p")) == 1
