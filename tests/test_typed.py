"""What Slack sends → what a person typed, as its readers see it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requested import check_in, quotations_in
from bot.typed import page, unescaped, unmarked
from retrieval.drafts.page import Region


def rich(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": list(elements)}]


def part(kind: str, *leaves: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(leaves)}


def words(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def blocks_of(text: str, blocks: object = (), attachments: object = ()) -> list[str]:
    """The block quotes of a message."""
    found = page(text, blocks, attachments)
    return [found.text[start:end] for start, end in found.spans(Region.BLOCK)]


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("<@U0STET> a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("see <https://a.example/x|the page> in <#C1|news> and <#C2>", "see the page in news and"),
        ("<!here> now\n then", "now then"),
    ],
)
def test_a_question_is_on_one_line_without_its_mentions(sent: str, typed: str) -> None:
    assert unmarked(sent) == typed


def test_slacks_escapes_are_undone_once() -> None:
    assert unescaped("&amp;lt; &lt; &amp;amp; &quot;") == "&lt; < &amp; &quot;"


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("<@U0STET>: <@U2|ann> said &lt;b&gt;", "said <b>"),
        ("It is <@U2|ann>, <@U3>, <#C1|news>, <#C2>, <!here> :wave:",
         "It is @ann, <@U3>, #news, <#C2>, <!here> :wave:"),
        ("<https://a.example/x|the page> <https://a.example/y> <mailto:a@b.example|a@b.example>",
         "the page https://a.example/y a@b.example"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("one\r\n\n  two   three ", "one\ntwo three"),
        ("half \ud83d here", "half \ufffd here"),
    ],
)  # fmt: skip
def test_a_message_reads_as_its_readers_see_it(sent: str, seen: str) -> None:
    assert page(sent).text == seen


def test_lines_behind_a_sign_are_block_quotes() -> None:
    text = "He wrote:\n&gt; First line.\n&gt;Second line.\nand then\n&gt;&gt;&gt; Third.\nFourth."
    assert page(text).text == "He wrote:\nFirst line.\nSecond line.\nand then\nThird.\nFourth."
    assert blocks_of(text) == ["First line.\nSecond line.", "Third.\nFourth."]


def test_what_stands_between_fences_is_code_and_no_quotation() -> None:
    found = page("Look:\n```\n&gt; “not a quotation at all”\n```\n“but this is one, surely”")
    assert [found.text[start:end] for start, end in found.spans(Region.CODE)] == ["> “not a quotation at all”"]
    assert found.spans(Region.BLOCK) == ()
    assert [one.quote for one in quotations_in(found).quotations] == ["but this is one, surely"]


def test_an_open_fence_is_none() -> None:
    assert page("``` “so it goes on and on”").spans(Region.CODE) == ()


def test_blocks_go_before_the_text_and_keep_styles_out_of_the_words() -> None:
    blocks = rich(
        part("section", {"type": "user", "user_id": "U0STET"}, words(" see "), words("this", bold=True)),
        part("quote", words("The "), words("only", italic=True), words(" way\nout.")),
        part("quote", words("Another.")),
        part("list", part("section", words("a")), part("section", words("b"))),
        part("preformatted", words("“code”")),
        part("section", {"type": "link", "url": "https://a.example"}, {"type": "emoji", "name": "wave"}),
    )  # fmt: skip
    found = page("see *this*", blocks)
    assert found.text == "see this\nThe only way\nout.\nAnother.\na\nb\n“code”\nhttps://a.example:wave:"
    assert blocks_of("", blocks) == ["The only way\nout.", "Another."]
    assert [found.text[start:end] for start, end in found.spans(Region.CODE)] == ["“code”"]


def test_attachments_are_read_where_a_message_holds_nothing_else() -> None:
    passed_on = [{"message_blocks": [{"message": {"blocks": rich(part("quote", words("Passed on.")))}}]}]
    assert blocks_of("", [], passed_on) == ["Passed on."]
    assert page("Words.", [], passed_on).text == "Words."
    assert page("", [{"type": "divider"}], [{"text": "a &amp; b"}, {"fallback": "c"}]).text == "a & b\nc"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "fields", "blocks", "message", "message_blocks", "url"]),
            inner | st.sampled_from(["rich_text", "rich_text_quote", "rich_text_list", "text", "link", "section"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(text=st.text(alphabet="&gtl;<>@#|`\n“”\"'‘’> aB\ud800", max_size=60), blocks=_JSON, attachments=_JSON)
def test_whatever_stands_in_a_message_gives_a_page_and_its_regions_lie_in_it(
    text: str, blocks: object, attachments: object
) -> None:
    found = page(text, blocks, attachments)
    found.text.encode()
    for region in Region:
        assert all(0 <= start < end <= len(found.text) for start, end in found.spans(region))
    check_in(found)
    quotations_in(found)
