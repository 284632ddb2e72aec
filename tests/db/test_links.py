"""A connection to a Discogs account: bound to its number, sealed, and ended without losing anything else."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from db import links
from db.links import Account, Credentials
from db.pool import Pool
from db.sealing import Keys

OAUTH = Credentials("oauth", "tok-hush", "sec-hush")


@pytest.fixture
def pool(migrated_database_url: str) -> Iterator[Pool]:
    pool = Pool(migrated_database_url, size=2, timeout_seconds=5)
    yield pool
    pool.close()


def connect(pool: Pool, keys: Keys, user: UUID, *, number: int = 2**31 + 7, credentials: Credentials = OAUTH) -> bool:
    with pool.transaction() as conn:
        return links.connect(conn, keys, user, username="ada_v", discogs_user_id=number, credentials=credentials)


def account(pool: Pool, keys: Keys, user: UUID) -> Account:
    with pool.transaction() as conn:
        found = links.account(conn, keys, user)
    assert found is not None
    return found


def test_who_never_connected_has_no_account(pool: Pool, keys: Keys, ada: UUID) -> None:
    with pool.transaction() as conn:
        assert links.account(conn, keys, ada) is None
        assert links.link(conn, ada) is None


def test_what_was_connected_comes_back_and_is_stored_sealed(pool: Pool, keys: Keys, ada: UUID) -> None:
    assert connect(pool, keys, ada)
    found = account(pool, keys, ada)
    assert (found.username, found.discogs_user_id, found.state, found.tier) == (
        "ada_v", 2**31 + 7, "connected", "collector"
    )  # fmt: skip
    assert found.credentials == OAUTH
    assert "hush" not in repr(found)
    with pool.transaction() as conn:
        assert "hush" not in str(conn.execute("SELECT to_jsonb(p) AS p FROM public.profiles AS p").fetchall())


def test_a_personal_token_has_no_secret(pool: Pool, keys: Keys, ada: UUID) -> None:
    connect(pool, keys, ada, credentials=Credentials("personal", "tok"))
    assert account(pool, keys, ada).credentials == Credentials("personal", "tok", None)


def test_another_discogs_account_is_refused_and_changes_nothing(pool: Pool, keys: Keys, ada: UUID) -> None:
    connect(pool, keys, ada)
    before = account(pool, keys, ada)
    assert not connect(pool, keys, ada, number=9, credentials=Credentials("oauth", "x", "y"))
    assert account(pool, keys, ada) == before


def test_a_disconnected_user_keeps_everything_but_the_tokens(pool: Pool, keys: Keys, ada: UUID) -> None:
    connect(pool, keys, ada)
    with pool.transaction() as conn:
        links.set_complete(conn, ada, "collection")
        assert links.disconnect(conn, ada)
        assert not links.disconnect(conn, ada)
    found = account(pool, keys, ada)
    assert (found.credentials, found.state, found.connected_at) == (None, "disconnected", None)
    assert found.collection_complete_at is not None
    assert not connect(pool, keys, ada, number=9)
    assert connect(pool, keys, ada)
    assert account(pool, keys, ada).state == "connected"


def test_a_refused_token_is_noted_once_and_never_against_newer_ones(pool: Pool, keys: Keys, ada: UUID) -> None:
    connect(pool, keys, ada)
    old = account(pool, keys, ada)
    connect(pool, keys, ada)
    with pool.transaction() as conn:
        assert not links.mark_needs_reconnect(conn, old)
    new = account(pool, keys, ada)
    assert new.state == "connected"
    with pool.transaction() as conn:
        assert links.mark_needs_reconnect(conn, new)
        assert not links.mark_needs_reconnect(conn, new)
    assert account(pool, keys, ada).state == "needs_reconnect"


def test_a_new_name_is_kept_only_for_the_same_number(pool: Pool, keys: Keys, ada: UUID) -> None:
    connect(pool, keys, ada)
    with pool.transaction() as conn:
        assert not links.rename(conn, ada, discogs_user_id=9, username="eve")
        assert links.rename(conn, ada, discogs_user_id=2**31 + 7, username="ada_2")
    assert account(pool, keys, ada).username == "ada_2"


def test_what_the_profile_did_not_say_stays_as_known(pool: Pool, keys: Keys, ada: UUID) -> None:
    connect(pool, keys, ada)
    with pool.transaction() as conn:
        links.counts(conn, ada, num_collection=10, num_wantlist=2, curr_abbr="EUR")
        links.counts(conn, ada, num_collection=11, num_wantlist=None, curr_abbr=None)
        links.set_partial(conn, ada, is_partial=True)
        links.set_complete(conn, ada, "wantlist")
        links.check_identity(conn, ada)
        found = links.link(conn, ada)
    assert found is not None
    assert (found.num_collection, found.num_wantlist, found.curr_abbr, found.is_partial) == (11, 2, "EUR", True)
    assert found.wantlist_complete_at is not None
    assert found.collection_complete_at is None


def test_rotation_seals_everything_with_the_new_key_once(
    pool: Pool, ada: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "RESEAL_BATCH", 2)
    old, new = Keys.parse("aa" * 32), Keys.parse("bb" * 32)
    both = Keys.parse(f"{'bb' * 32},{'aa' * 32}")
    users = [ada, *(uuid4() for _ in range(4))]
    with pool.transaction() as conn:
        for user in users[1:]:
            conn.execute("INSERT INTO public.profiles (id) VALUES (%s)", [user])
    for user in users:
        connect(pool, old, user)
    with pool.transaction() as conn:
        assert links.reseal_all(conn, both) == 5
        assert links.reseal_all(conn, both) == 0
    assert [account(pool, new, user).credentials for user in users] == [OAUTH] * 5
