"""Every error that can end a job says what to do about it, a new one too."""

import ast
from pathlib import Path

import pytest

import actors
from actors.catalog import CATALOG, IMPORT_COLLECTION, UPKEEP
from actors.operating import failures
from actors.operating.failures import NEXT_STEPS, next_step
from db import errors as db
from discogs import errors as discogs
from workers.decide import Fail, decide

ROOT = Path(actors.__file__).parents[1]
# No job migrates, looks up or signs in; a job that enqueues leaves out users for whom it would be refused.
NOT_IN_A_STEP = (db.MigrationRefused, db.UnknownUser, db.HandshakeRefused, db.EnqueueRefused)


def classes_of(tree):
    made = [one for one in vars(tree).values() if isinstance(one, type) and one.__module__ == tree.__name__]
    return [one for one in made if issubclass(one, Exception)]


def ends_a_job(kind):
    """Whether the last attempt that ends so is the job's end."""
    return decide(kind.__new__(kind), attempts=99, max_attempts=1, backoff_seconds=1.0) in (Fail(), Fail(True))


def named_in_code():
    """The classes that our own code gives a failure by name: JobFailed("X", …), error_class="X"."""
    for room in ("actors", "workers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text())):
                if not isinstance(call, ast.Call):
                    continue
                given = [word.value for word in call.keywords if word.arg == "error_class"]
                if getattr(call.func, "id", None) == "JobFailed":
                    given += call.args[:1]
                yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_every_answer_of_discogs_that_ends_a_job_has_a_next_step():
    ending = {kind.__name__ for kind in classes_of(discogs) if ends_a_job(kind)}
    assert {"Unauthorised", "Gone", "Unavailable"} <= ending
    assert sorted(ending - NEXT_STEPS.keys()) == []


def test_every_failure_that_our_code_names_has_a_next_step():
    named = set(named_in_code())
    assert {"Poison", "Misfit", "NotConnected", "AnotherAccount"} <= named
    assert sorted(named - NEXT_STEPS.keys()) == []


def test_every_error_of_the_database_that_ends_a_job_has_a_next_step():
    in_a_step = [kind for kind in classes_of(db) if not issubclass(kind, NOT_IN_A_STEP) and kind is not db.MayBeRetried]
    ending = {kind.__name__ for kind in in_a_step if ends_a_job(kind)}
    assert {"StatementRefused", "DatabaseBusy"} <= ending
    assert sorted(ending - NEXT_STEPS.keys()) == []


@pytest.mark.parametrize("error_class", sorted(NEXT_STEPS))
def test_a_next_step_is_whole_sentences_without_a_doors_own_words(error_class):
    said = NEXT_STEPS[error_class]
    for sentence in (said.person, said.operator):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert "`" not in sentence


def test_what_nobody_foresaw_is_reported():
    assert "report the technical detail" in next_step("KeyError", IMPORT_COLLECTION.name).operator
    assert next_step(None, "another release's kind") == next_step("KeyError", IMPORT_COLLECTION.name)


def test_nobodys_job_sends_no_collector_anywhere():
    said = next_step("Unavailable", UPKEEP.name)
    assert said.person == failures.NOBODYS
    assert said.operator == NEXT_STEPS["Unavailable"].operator
    assert {next_step("Unavailable", kind.name).person for kind in CATALOG.values() if kind.speaks_for_user} == {
        NEXT_STEPS["Unavailable"].person
    }
