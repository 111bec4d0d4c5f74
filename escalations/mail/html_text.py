"""What a person reads of an HTML message, as plain lines.

A table row of two cells becomes one line with a colon, so that a form filled in as a table is read as labelled lines
are. Nothing of an HTML message is ever shown as HTML.
"""

from __future__ import annotations

import re
from typing import Final

from bs4 import BeautifulSoup
from bs4.builder import ParserRejectedMarkup
from bs4.element import NavigableString, PreformattedString, Tag

HTML_CHARS: Final = 400_000
"""Of an HTML part; what follows is left out, and that is said."""
_MOST_TAGS: Final = 20_000
_UNCLOSED: Final = 2_000
"""Opened brackets that nothing closes. More than either is no message of a person's, and costs the parser too much:
its tags are then taken out and nothing is understood of them."""

_GONE: Final = ("script", "style", "head", "title", "template", "noscript", "svg", "object")
_LINES: Final = frozenset(
    {"p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre"}
)
_PARAGRAPHS: Final = frozenset({"p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"})
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_SPACES = re.compile(r"[ \t\xa0\u200b]+")
_MANY = re.compile(r"\n{3,}")
_PAIR: Final = 2
_LABEL_CHARS: Final = 80
_JOINED, _QUOTE, _UNQUOTE = "\x01", "\x02", "\x03"
"""Marks of our own while the text is made: no break here, and where a quotation begins and ends."""
_MARKS = re.compile(r"[\x00-\x08]")


def text_of(html: str) -> str:
    """The words of an HTML text. What it quotes has the sign of plain mail before each line."""
    html = _MARKS.sub("", html[:HTML_CHARS])
    if html.count("<") > _MOST_TAGS or html.count("<") - html.count(">") > _UNCLOSED:
        return _tidy(_TAGS.sub(" ", html))
    try:
        soup = BeautifulSoup(html, "html.parser")
    except (ParserRejectedMarkup, AssertionError, RecursionError, ValueError):
        return _tidy(_TAGS.sub(" ", html))
    said: list[str] = []
    _walk(soup, said)
    return _tidy("".join(said))


def _walk(soup: BeautifulSoup, said: list[str]) -> None:
    """Go through the tree by its own order, without recursion: mail is nested as deep as its writer's program likes."""
    stack: list[Tag | NavigableString] = [soup]
    while stack:
        node = stack.pop()
        if isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):
                said.append(_SPACES.sub(" ", str(node).replace("\r", " ").replace("\n", " ")))
            elif isinstance(node, _Mark):
                said.append(str(node))
            continue
        if node.name in _GONE:
            continue
        if node.name == "br":
            said.append("\n")
            continue
        inside = _row(node) if node.name == "tr" else node.contents
        if node.name in _LINES:
            quotes = _quotes(node)
            said.append(f"\n{_QUOTE}" if quotes else "\n")
            end = "\n\n" if node.name in _PARAGRAPHS else "\n"
            stack.append(_Mark(f"{_UNQUOTE}{end}" if quotes else end))
        stack.extend(part for part in reversed(inside) if isinstance(part, (Tag, NavigableString)))


class _Mark(PreformattedString):
    """What we put in ourselves; it is not read as the message's own."""


def _quotes(node: Tag) -> bool:
    return node.name == "blockquote" and (node.get("type") == "cite" or "gmail_quote" in (node.get("class") or ()))


def _row(row: Tag) -> list[Tag | NavigableString]:
    """A row's cells, with what stands between them: a colon after a label, otherwise a bar."""
    cells = [cell for cell in row.contents if isinstance(cell, Tag) and cell.name in {"td", "th"}]
    if len(cells) == _PAIR:
        label = cells[0].get_text(" ", strip=True)
        if label and len(label) <= _LABEL_CHARS:
            return [NavigableString(label.rstrip(":").strip()), _Mark(f": {_JOINED}"), cells[1]]
    found: list[Tag | NavigableString] = []
    for cell in cells:
        found += [_Mark(f" | {_JOINED}"), cell] if found else [cell]
    return found


def _tidy(text: str) -> str:
    text = re.sub(rf"{_JOINED}\s*", "", text)
    lines, quoted = [], 0
    for line in text.split("\n"):
        begun = line.count(_QUOTE)
        said = _SPACES.sub(" ", _MARKS.sub("", line)).strip()
        lines.append("> " * min(quoted + begun, 5) + said if said else "")
        quoted = max(0, quoted + begun - line.count(_UNQUOTE))
    return _MANY.sub("\n\n", "\n".join(lines)).strip()
