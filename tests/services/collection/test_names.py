"""Spellings of one name, the same in Python and in PostgreSQL."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.collection.names import PUNCTUATION, SPACES, are_same_names, artist_key, title_key

LETTERS = "aAbBtThHeE \u00e9\u00c9\u00df\u00fc\u00dc\u0416\u0436\u0394\u03b4e\u0301\u65e5 0129&"
NAMES = st.one_of(
    st.text(LETTERS + PUNCTUATION + SPACES, max_size=20),
    st.lists(st.sampled_from(["The ", "the", " (2)", "(12)", "Cranes", "!", " ", "\u00a0", "&", "]", "\\\\", "-"])).map(
        "".join
    ),
)


KEYS = "SELECT rekkrd.artist_key(n) AS artist, rekkrd.title_key(n) AS title FROM unnest(%s::text[]) AS n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(NAMES, min_size=20, max_size=40))
def test_python_and_sql_agree(migrated_connection, names):
    found = migrated_connection.execute(KEYS, [names]).fetchall()
    assert found == [(artist_key(name), title_key(name)) for name in names]


@pytest.fixture
def migrated_connection(migrated_database_url):
    with psycopg.connect(migrated_database_url, autocommit=True) as conn:
        yield conn


@pytest.mark.parametrize(
    ("field", "one", "other", "are_same"),
    [
        ("artist", "The Cranes", "cranes", True),
        ("artist", "Cranes (2)", "Cranes", True),
        ("artist", "AC/DC", "AC DC", True),
        ("artist", "Simon & Garfunkel", "Simon and Garfunkel", True),
        ("artist", "The The", "The", True),
        ("artist", "!!!", "???", False),
        ("artist", "Therapy?", "rapy", False),
        ("title", "Help!", "help", True),
        ("title", "Don\u2019t", "Don't", True),
        ("title", "Live (1)", "Live (2)", False),
        ("title", "", "", False),
        ("title", None, "a", False),
    ],
)
def test_spellings_of_one_name(field, one, other, are_same):
    assert are_same_names(field, one, other) == are_same
