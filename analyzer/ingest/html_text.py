"""Text of an HTML message as a reader sees it: no scripts, no styles, no quoted history of earlier mails."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li",
    "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul", "br",
})  # fmt: skip
_CELLS: Final = frozenset({"td", "th"})
_UNSEEN: Final = frozenset({
    "script", "style", "head", "title", "template", "svg", "math", "noscript", "iframe", "object", "select",
})  # fmt: skip
_VOID: Final = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
})  # fmt: skip

# What mail programs and help desks put around, or before, the mails that an answer quotes.
_QUOTE_CLASSES: Final = frozenset({
    "gmail_quote", "gmail_quote_container", "gmail_attr", "yahoo_quoted", "freshdesk_quote", "moz-cite-prefix",
    "protonmail_quote", "zmail_extra", "quotedreply",
})  # fmt: skip
_REST_IS_QUOTE: Final = frozenset({"appendonsend", "divrplyfwdmsg", "mail-editor-reference-message-container"})
_REPLY_ABOVE: Final = re.compile(r"##-[^\n]{1,200}?-##")

# The standard parser takes quadratic time over unfinished tags: what is no whole tag is made text before it sees it.
_NO_TAG: Final = re.compile(r"""<(?!/?+[a-zA-Z](?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>|[!?][^<>]*+>)""")
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_MAX_CHARS: Final = 4 << 20  # of markup in one message; beyond it lie pictures and attacks


def text_of_html(html: str) -> str:
    """Lines of text, one a block, spaces collapsed.

    >>> text_of_html("<p>Hi&nbsp;Ann,</p><p>see<br>you<style>p{}</style></p><div class='gmail_quote'>old</div>")
    'Hi\\xa0Ann,\\nsee\\nyou'
    """
    if "<" not in html and "&" not in html:
        return new_words(html)
    parser = _Reader()
    parser.feed(_NO_TAG.sub("&lt;", _without_comments(html[:_MAX_CHARS])))
    parser.close()
    lines = "".join(parser.pieces).split("\n")
    return new_words("\n".join(line for line in map(str.strip, lines) if line))


def new_words(text: str) -> str:
    """``text`` above the line that a help desk asks to reply above, all of it where nothing stands above."""
    mark = _REPLY_ABOVE.search(text)
    above = text[: mark.start()].strip() if mark else ""
    return above or text.strip()


def _without_comments(html: str) -> str:
    kept: list[str] = []
    end = 0
    while (start := html.find("<!--", end)) >= 0:
        kept.append(html[end:start])
        close = html.find("-->", start + 4)
        if close < 0:
            return "".join(kept)
        end = close + 3
    return "".join((*kept, html[end:]))


class _Reader(HTMLParser):
    """Collects visible text. What is left out is counted by its own tag only, so that wrong nesting does no harm."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.ended = False  # the rest is a quote
        self.unseen = ""  # the tag being left out …
        self.depth = 0  # … and how many of it are open
        self.verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.ended:
            return
        if self.unseen:
            self.depth += tag == self.unseen
            return
        told = {name: (value or "").casefold() for name, value in attrs}
        if told.get("id") in _REST_IS_QUOTE:
            self.ended = True
        elif tag not in _VOID and (tag in _UNSEEN or _is_quote(tag, told)):
            self.unseen, self.depth = tag, 1
        else:
            self.verbatim += tag == "pre"
            self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if not self.unseen and not self.ended:
            self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.ended:
            return
        if self.unseen:
            self.depth -= tag == self.unseen
            if not self.depth:
                self.unseen = ""
                self._break(tag)
            return
        if tag == "pre" and self.verbatim:
            self.verbatim -= 1
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self.unseen and not self.ended:
            self._add(data if self.verbatim else _SPACE.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag in _CELLS:
            self._add(" ")

    def _add(self, text: str) -> None:
        if not self.verbatim and self.pieces and self.pieces[-1][-1:] in " \n":
            text = text.lstrip(" ")
        if text:
            self.pieces.append(text)


def _is_quote(tag: str, told: dict[str, str]) -> bool:
    if tag == "blockquote" and told.get("type") == "cite":
        return True
    return not _QUOTE_CLASSES.isdisjoint(told.get("class", "").split())
