"""Check that each local link of the built pages leads to a file and, with #, to an anchor in it.

Use: python docs/_ext/check_links.py docs/_build/html
"""

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.add(value)


@cache
def read(path):
    return Page(path)


def pages(root):
    """Return the pages, without the templates among the static files of the theme."""
    return sorted(set(root.rglob("*.html")) - set((root / "_static").rglob("*.html")))


def broken_links(root):
    """Yield (page, link, reason) of each local link that leads nowhere."""
    for path in pages(root):
        for link in sorted(read(path).links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                yield path, link, "no such file"
            elif parts.fragment and target.suffix == ".html":
                anchor = unquote(parts.fragment)
                if anchor not in read(target).anchors:
                    yield path, link, "no such anchor"


def main(folder):
    root = Path(folder).resolve()
    broken = list(broken_links(root))
    for path, link, reason in broken:
        print(f"{path.relative_to(root)}: {link}: {reason}")
    n_pages = len(pages(root))
    print(f"{n_pages} pages, {len(broken)} broken local links")
    return 1 if broken or n_pages == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
