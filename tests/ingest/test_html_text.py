from __future__ import annotations

import time

import pytest

from analyzer.ingest.html_text import new_words, text_of_html

CASES = [
    ("plain words", "plain words"),
    ("a &lt; b &amp; c", "a < b & c"),
    ("5 < 6 and <3", "5 < 6 and <3"),
    ("<p>One</p><p>Two</p>", "One\nTwo"),
    ("<div>One<br>\n  Two<br/>Three</div>", "One\nTwo\nThree"),
    ("so <b>very</b>\n  <i>nice</i>", "so very nice"),
    ("<pre>a  b\nc</pre>", "a  b\nc"),
    ("<table><tr><td>Order</td><td>17</td></tr><tr><td>Size</td><td>M</td></tr></table>", "Order 17\nSize M"),
    ("<style>p{color:red}</style><script>alert('x < y')</script>Seen", "Seen"),
    ("<head><title>T</title></head><body>Seen</body>", "Seen"),
    ("Seen<!-- hidden > words -->!", "Seen!"),
    ("Seen<!-- never closed", "Seen"),
    ("<p>New</p><div class='gmail_quote'><div>old</div></div><p>after</p>", "New\nafter"),
    ('<p>New</p><blockquote type="cite"><p>old</p></blockquote>', "New"),
    ("<blockquote>my own quote</blockquote>", "my own quote"),
    ('<p>New</p><div class="x freshdesk_quote">old', "New"),
    ("<p>New</p><div id='appendonsend'></div><hr><div>From: x</div><p>old</p>", "New"),
    ("<div id=divRplyFwdMsg>From</div><p>old</p>", ""),
    ("<p>New</p><p>##- Please type your reply above this line -##</p><p>old</p>", "New"),
    ("Grüße &#128512; &nbsp;ok &unknown;", "Grüße 😀 \xa0ok &unknown;"),
    ('<a href="x?a=1&b=2" title="a > b">link</a>', "link"),
    ("<div>un<span>closed <p>mess</b></i></p>", "un\nclosed\nmess".replace("un\n", "un")),
]


@pytest.mark.parametrize(("html", "text"), CASES, ids=range(len(CASES)))
def test_html_reads_as_a_person_sees_it(html: str, text: str) -> None:
    assert text_of_html(html) == text


def test_reply_mark_with_nothing_above_keeps_the_words() -> None:
    assert new_words("##- Bitte oberhalb antworten -##\nHallo") == "##- Bitte oberhalb antworten -##\nHallo"


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<div class='", "</", "<![CDATA[", "<a b='", "<title>", "&#"])
def test_hostile_html_takes_linear_time(piece: str) -> None:
    begun = time.process_time()
    text_of_html(piece * (200_000 // len(piece)))
    assert time.process_time() - begun < 2
