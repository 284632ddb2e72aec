import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cli.browser import Browser, Page, first_form
from cli.errors import WorkFailed

PAGE = """<html><input name=outside value=1><form method="POST" action="/allowed?x=1">
<input type=hidden name=oauth_token value="a&amp;b">
<select name=user><option value=mina>M<option value=ada selected>A</select><input type=checkbox name=no value=1>
<button name=answer value=deny>No</button><button name=answer value=allow>Yes</button>
</form><form action=/other></form>"""


class Site(BaseHTTPRequestHandler):
    """Gives a cookie at the door, and shows it and the form that was sent behind it."""

    def do_GET(self):
        if self.path == "/":
            self.send_response(302)
            self.send_header("Location", "/form")
            self.send_header("Set-Cookie", "seen=yes; HttpOnly")
            self.end_headers()
        elif self.path == "/form":
            self.answer(200, PAGE)
        else:
            self.answer(404, "<style>p{}</style><p>Not &nbsp; here</p>")

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(200, f"{self.path} {self.headers['Cookie']} {sent}")

    def answer(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_form_is_read_with_its_hidden_fields_choices_and_buttons():
    form = first_form(Page("http://x/", 200, PAGE))
    assert form.fields == {"oauth_token": "a&b", "user": "ada"}
    assert form.buttons == (("answer", "deny"), ("answer", "allow"))


def test_the_browser_follows_redirects_keeps_cookies_and_presses_the_right_button(site):
    browser = Browser()
    sent = browser.press(browser.get(site + "/"), "allow")
    assert sent.text == "/allowed?x=1 seen=yes oauth_token=a%26b&user=ada&answer=allow"


def test_an_error_says_what_the_server_said(site):
    with pytest.raises(WorkFailed, match="answered 404: Not"):
        Browser().get(site + "/nowhere")


def test_a_page_without_a_form_cannot_be_sent():
    with pytest.raises(WorkFailed, match="shows no form"):
        Browser().press(Page("http://x/", 200, "<p>sorry</p>"))


def test_no_server_is_a_sentence():
    with pytest.raises(WorkFailed, match="got no answer"):
        Browser().get("http://127.0.0.1:1/")
