"""Every error of the rooms below has its next step at the terminal, a new one too."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from actors.errors import OtherAccount
from cli import main
from cli.commands import COMMANDS
from cli.next_steps import NEXT_STEPS, next_step_after
from db.errors import EnqueueRefused
from discogs.errors import Throttled
from workers.errors import StepError

ROOT = Path(main.__file__).parents[1]
TREES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for room in ("db", "discogs", "workers")
    for path in sorted((ROOT / room).rglob("errors*.py"))
]


def errors_of(tree):
    """Every exception class that a file of errors makes itself, without those that the runner keeps to itself."""
    made = [one for one in vars(import_module(tree)).values() if isinstance(one, type) and one.__module__ == tree]
    said_otherwise = (StepError, EnqueueRefused)  # the runner's own, and errors whose hint comes from SQL
    return [one for one in made if issubclass(one, Exception) and not issubclass(one, said_otherwise)]


def test_the_trees_are_found():
    assert {"db.errors", "discogs.errors", "workers.errors", "workers.limiter.errors"} <= set(TREES)
    assert all(errors_of(tree) for tree in TREES)


@pytest.mark.parametrize("tree", TREES)
def test_every_error_has_a_next_step_of_its_own(tree):
    assert [kind.__name__ for kind in errors_of(tree) if kind not in NEXT_STEPS] == []


@pytest.mark.parametrize("tree", TREES)
def test_every_error_ends_in_two_sentences_and_not_in_a_traceback(tree, monkeypatch, capsys):
    monkeypatch.delenv(main.LOG_LEVEL, raising=False)
    monkeypatch.setenv(
        "DATABASE_URL", "postgresql://db.example/rekkrd"
    )  # beside an embedded one, its end has its own words
    main.screen.err.cache_clear()
    for kind in errors_of(tree):
        monkeypatch.setattr(main, "app_for", _raiser(kind))
        with pytest.raises(SystemExit):
            main.main()
        assert capsys.readouterr().err.splitlines() == ["It did not work.", NEXT_STEPS[kind]]


@pytest.mark.parametrize("sentence", sorted(set(NEXT_STEPS.values())))
def test_a_next_step_is_a_sentence_and_names_only_commands_that_there_are(sentence):
    assert sentence.endswith((".", "…"))
    assert set(re.findall(r"`rekkrd (\w+)", sentence)) <= {command.name for command in COMMANDS}


def test_an_errors_own_word_comes_first():
    assert next_step_after(OtherAccount("Another one.", "Choose.")) == "Choose."


def test_a_kind_that_nobody_listed_has_its_ancestors_word():
    class Sooner(Throttled):
        pass

    assert next_step_after(Sooner("Wait.")) == NEXT_STEPS[Throttled]


def _raiser(kind):
    def fail(_arguments):
        error = kind.__new__(kind)
        Exception.__init__(error, "It did not work.")
        raise error

    return fail
