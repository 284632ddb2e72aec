"""What goes wrong is read by a person at 80 columns, or by a program a line at a time."""

import io

import pytest

from cli import screen
from cli.errors import CommandFailed

LONG = CommandFailed("It does not work " * 8 + "today.", "Do something else " * 8 + "instead.")


class Stream(io.StringIO):
    """A standard error that is a terminal, or is not."""

    def __init__(self, *, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


@pytest.fixture
def shown(monkeypatch):
    """Show a failure, and return its lines."""

    def show(*, is_terminal):
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setenv("NO_COLOR", "1")
        stream = Stream(is_terminal=is_terminal)
        monkeypatch.setattr("sys.stderr", stream)
        screen.err.cache_clear()
        screen.show_failure(LONG)
        return [line.rstrip() for line in stream.getvalue().splitlines()]

    yield show
    screen.err.cache_clear()


def test_on_a_terminal_a_sentence_breaks_between_words(shown):
    lines = shown(is_terminal=True)
    assert max(map(len, lines)) <= 80
    assert " ".join(lines) == f"{LONG} {LONG.next_step}"


def test_in_a_pipe_a_sentence_is_a_line(shown):
    assert shown(is_terminal=False) == [str(LONG), LONG.next_step]


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", "- ~ ? > 5"), ("latin-1", "- ~ é > 5"), ("utf-8", "— … é → 5")]
)
def test_a_sign_that_the_terminal_has_not_ends_no_command(monkeypatch, encoding, shown):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    screen.be_plain_where_needed()
    print("— … é → 5", file=stream, flush=True)
    assert raw.getvalue().decode(encoding).strip() == shown


def test_a_sentence_is_broken_between_words_on_a_terminal_and_is_a_line_in_a_pipe(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    for is_terminal in (True, False):
        stream = Stream(is_terminal=is_terminal)
        monkeypatch.setattr("sys.stdout", stream)
        screen.out.cache_clear()
        screen.tell("Discogs was not asked [yet] " * 6)
        lines = stream.getvalue().rstrip().splitlines()
        assert (max(map(len, lines)) <= 40) == is_terminal
        assert " ".join(" ".join(lines).split()) == " ".join(["Discogs was not asked [yet]"] * 6)
    screen.out.cache_clear()
