"""A small browser for the demo: it keeps cookies, follows redirects and sends forms, as the collector's would."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any

from cli.errors import WorkFailed

TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Page:
    """What came back in the end, after redirects."""

    url: str
    status: int
    text: str

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page: where it goes, what it holds, and its buttons as (name, value)."""

    action: str
    method: str
    fields: dict[str, str]
    buttons: tuple[tuple[str, str], ...]


class Browser:
    """One browser with its cookies; errors come out as a sentence with what the server said."""

    def __init__(self) -> None:
        # No proxy: what the demo opens is on this machine.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, url: str) -> Page:
        """Open an address."""
        return self._send(urllib.request.Request(url))  # noqa: S310  addresses of our own API and simulator

    def press(self, page: Page, button: str = "") -> Page:
        """Send the first form of a page, with the button of this value if there are several. Raises WorkFailed."""
        form = first_form(page)
        if form is None:
            raise WorkFailed(f"{page.url} shows no form to send. It says: {_said(page.text)}")
        pressed = [(name, value) for name, value in form.buttons if name and value == button] or form.buttons[:1]
        fields = urllib.parse.urlencode({**form.fields, **{name: value for name, value in pressed if name}})
        url = urllib.parse.urljoin(page.url, form.action)
        if form.method == "get":
            return self.get(f"{url}?{fields}")
        return self._send(urllib.request.Request(url, fields.encode()))  # noqa: S310  as above

    def post_json(self, url: str, body: dict[str, Any], headers: dict[str, str]) -> Page:
        """Send JSON, as an application's backend does."""
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  as above
        request.add_header("Content-Type", "application/json")
        return self._send(request)

    def _send(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Page(answer.url, answer.status, answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                said = _said(error.read().decode("utf-8", "replace"))
            raise WorkFailed(f"{_named(request)} was answered {error.code}: {said}") from None
        except OSError as error:
            raise WorkFailed(f"{_named(request)} got no answer: {error}.") from None


def first_form(page: Page) -> Form | None:
    """Read the first form of a page."""
    reader = _FormReader()
    reader.feed(page.text)
    return reader.form


class _FormReader(HTMLParser):
    """Reads what stands between the first <form> and its end."""

    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._is_inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            self.form = Form(facts.get("action", ""), facts.get("method", "get").lower(), {}, ())
            self._is_inside = True
        elif self.form is not None and self._is_inside:
            self._take(tag, facts, self.form)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False

    def _take(self, tag: str, facts: dict[str, str], form: Form) -> None:
        name, value, kind = facts.get("name", ""), facts.get("value", ""), facts.get("type", "text")
        if (tag == "button" and kind in {"text", "submit"}) or (tag == "input" and kind == "submit"):
            self.form = replace(form, buttons=(*form.buttons, (name, value)))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in facts or self._select not in form.fields):
            form.fields[self._select] = value
        elif tag == "input" and name and (kind not in {"checkbox", "radio"} or "checked" in facts):
            form.fields[name] = value


def _named(request: urllib.request.Request) -> str:
    """Name a request without its query, which brings the codes of the hand-shake."""
    return f"{request.get_method()} {request.full_url.partition('?')[0]}"


def _said(html: str) -> str:
    """Return what a person would read, in short."""
    return " ".join(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL).split())[:300]
