"""Pages of a list: numbers, addresses, clamps and the end."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from simulator.accounts import Lie
from simulator.call import Answer, Call
from simulator.errors import NotFound, Unprocessable
from simulator.paths import ascii_uri
from simulator.shapes import dumped

DEFAULT_SIZE, LARGEST = 50, 100
PAST_END = "The requested page is outside of valid range."


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; ``total`` items make ``pages`` pages, an empty list one."""

    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size


def asked_page(call: Call, total: int) -> Page:
    """Read page and per_page; more than 100 a page is silently 100. Raises NotFound past the end."""
    page = Page(asked_number(call, "page", 1), min(asked_number(call, "per_page", DEFAULT_SIZE), LARGEST), total)
    if page.number > page.pages:
        raise NotFound(PAST_END)
    return page


def asked_sort(call: Call, known: tuple[str, ...], default: str) -> tuple[str, bool]:
    """Read sort and sort_order as (key, is descending). Raises Unprocessable for others."""
    sort, order = call.query.get("sort", default), call.query.get("sort_order", "asc")
    if sort not in known:
        raise Unprocessable(f"Invalid sort: expected one of {', '.join(known)}", where=("query", "sort"))
    if order not in {"asc", "desc"}:
        raise Unprocessable("Invalid sort_order: expected one of asc, desc", where=("query", "sort_order"))
    return sort, order == "desc"


def paged(call: Call, page: Page, key: str, items: list[bytes], lie: Lie | None = None, **more: Any) -> Answer:
    """Put written items together as one page, with ``Link`` header."""
    lie = lie or Lie()
    pages = max(1, page.pages + lie.pages)
    urls = _urls(call, page.number, page.size, pages)
    head = {
        "pagination": {
            "page": page.number,
            "pages": pages,
            "per_page": page.size,
            "items": max(0, page.total + lie.items),
            "urls": urls,
        },
        **more,
    }
    body = b"".join((dumped(head)[:-1], b',"', key.encode(), b'":[', b",".join(items), b"]}"))
    link = ", ".join(f'<{url}>; rel="{name}"' for name, url in urls.items())
    return Answer(body=body, headers=(("Link", link),) if link else ())


def _urls(call: Call, number: int, size: int, pages: int) -> dict[str, str]:
    """first and prev are missing on page 1, next and last on the last; other parameters are kept."""
    kept = [
        (name, value)
        for name, value in parse_qsl(call.request.query)
        if name not in {"page", "per_page", "token", "key", "secret"} and not name.startswith("oauth_")
    ]
    places: dict[str, int] = {}
    if number > 1:
        places |= {"first": 1, "prev": number - 1}
    if number < pages:
        places |= {"last": pages, "next": number + 1}
    base = ascii_uri(f"{call.world.url}{call.request.path}")
    return {name: f"{base}?{urlencode([('page', place), ('per_page', size), *kept])}" for name, place in places.items()}


def asked_number(call: Call, name: str, default: int) -> int:
    """Read a positive number of at most nine digits from the query. Raises Unprocessable."""
    text = call.query.get(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Unprocessable(f"Invalid {name}: expected a positive integer", where=("query", name))
    return max(1, int(text))
