"""HTML to paragraphs with the standard library, without judging what is the article: for books and as a fallback."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from .base import squeeze

# Not "form": some sites put the whole page into one.
_SKIPPED = frozenset("script style head nav noscript template svg math iframe object select button".split())
_BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section summary table tbody td tfoot th thead title tr
    ul""".split()
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


class _Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[str] = []
        self._text: list[str] = []
        self._skip: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skip.append(tag)
        elif tag == "br":
            self._text.append(" ")
        elif tag in ("td", "th") and squeeze("".join(self._text)):
            self._text.append(" | ")
        elif tag in _BLOCKS and tag not in ("td", "th"):
            self.close_block()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID or tag in _BLOCKS:  # <script/> of XHTML opens nothing
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skip:
            while self._skip and self._skip.pop() != tag:
                pass
        elif tag in _BLOCKS and tag not in ("td", "th"):
            self.close_block()

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self._text.append(data)

    def close_block(self) -> None:
        paragraph = squeeze("".join(self._text)).strip("| ")
        if re.search(r"\w", paragraph):
            self.paragraphs.append(paragraph)
        self._text.clear()


def block_text(html: str) -> str:
    """Text of an HTML source: one paragraph per block, parted by empty lines; cells of a table row by `` | ``.

    >>> block_text("<body><script>x</script><p>One<br>two</p><table><tr><td>a<td>b</table></body>")
    'One two\\n\\na | b'
    """
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    parser.close_block()
    return "\n\n".join(parser.paragraphs)
