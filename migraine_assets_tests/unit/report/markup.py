"""A strict HTML parser for tests: elements, attributes and text of a page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "link", "input"}


@dataclass
class Page(HTMLParser):
    """The elements of a page. Fails on tags that do not match."""

    open: list[str] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def attributes(self, name: str) -> list[str]:
        """Return every value of the attribute `name`."""
        return [value for _, attributes in self.seen if (value := attributes.get(name)) is not None]

    def elements(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element `tag`."""
        return [attributes for name, attributes in self.seen if name == tag]


def parse(content: bytes) -> Page:
    """Parse a page and check that every element is closed."""
    page = Page()
    page.feed(content.decode())
    page.close()
    assert page.open == []
    return page
