"""Connecting by a personal token, what a connection says to the doors, and forgetting an account."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from actors.accounts import at_terminal, connect
from actors.accounts.connect import Newcomer
from actors.accounts.disconnect import disconnect
from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, UPKEEP
from actors.errors import NotConnected, OtherAccount, TokenRefused, VerifierRefused
from db import jobs, links, steps, users
from db.errors import UnknownUser
from db.jobs import State
from discogs import handshake
from discogs.auth import OAuthToken
from discogs.errors import Invalid, Unavailable
from discogs.handshake import RequestToken
from tests.new_jobs import enqueue
from workers.limiter.errors import GaveUp
from workers.resources import Resources, open_resources
from workers.settings import Settings


@dataclass
class Owner:
    """Who owns the token, as Discogs says."""

    id: int = 42
    username: str = "crates"
    scheme: str = "Discogs token=personal-token"
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if not request.headers["Authorization"].startswith(self.scheme):
            return httpx.Response(401, json={"message": "Invalid consumer token."})
        return httpx.Response(
            self.status,
            json={"id": self.id, "username": self.username, "num_collection": 7, "num_wantlist": 3, "curr_abbr": "EUR"},
        )


class FreeLimiter:
    def __init__(self, left: int = 100) -> None:
        self.left = left
        self.asked: list[tuple[str, str]] = []

    def acquire(self, *, lane, user, give_up_after, stop):
        if not self.left:
            raise GaveUp("No token came up.")
        self.left -= 1
        self.asked.append((str(lane), user))
        return SimpleNamespace(check=lambda: None, answered=lambda *_: None, unused=lambda: None)


@pytest.fixture
def owner():
    return Owner()


@pytest.fixture
def resources(migrated_database_url, redis_url, owner, monkeypatch) -> Iterator[Resources]:
    monkeypatch.setenv("DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DISCOGS_OAUTH_ENCRYPTION_KEY", "11" * 32)
    monkeypatch.setenv("DISCOGS_CONSUMER_KEY", "our key")
    monkeypatch.setenv("DISCOGS_CONSUMER_SECRET", "our secret")
    with open_resources(Settings(env_file=None)) as opened:
        http = httpx.Client(base_url=opened.settings.discogs.api_url, transport=httpx.MockTransport(owner))
        yield replace(opened, http=http, limiter=FreeLimiter())
        http.close()


@pytest.fixture
def ada(resources):
    with resources.pool.transaction() as conn:
        return users.create(conn, "ada").id


def row_of(resources, user_id):
    with resources.pool.transaction() as conn:
        return conn.execute("SELECT * FROM public.profiles WHERE id = %s", [user_id]).fetchone()


def test_a_personal_token_connects_for_two_requests_of_a_person(resources, owner, ada):
    connected = at_terminal.connect_personal(resources, ada, " personal-token\n")
    assert (connected.handle, connected.username, connected.discogs_user_id) == ("ada", "crates", 42)
    assert (connected.num_collection, connected.num_wantlist) == (7, 3)
    assert owner.asked == ["/oauth/identity", "/users/crates"]
    assert resources.limiter.asked == [("interactive", str(ada))] * 2


def test_the_token_is_stored_sealed_and_opens_again(resources, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    assert "personal-token" not in str(row_of(resources, ada))
    with resources.pool.transaction() as conn:
        account = links.account(conn, resources.keys, ada)
        assert (account.credentials.kind, account.credentials.token) == ("personal", "personal-token")
        assert (account.num_collection, account.curr_abbr) == (7, "EUR")


def test_a_token_that_discogs_does_not_know_changes_nothing_and_says_where_the_right_one_is(resources, ada):
    with pytest.raises(TokenRefused, match="does not know this personal token") as refused:
        at_terminal.connect_personal(resources, ada, "mistyped")
    assert "discogs.com/settings/developers" in refused.value.next_step
    assert row_of(resources, ada)["discogs_user_id"] is None


@pytest.fixture
def everyone(resources):
    def look():
        with resources.pool.transaction() as conn:
            return [(user.id, user.handle, user.tier) for user in users.page(conn)]

    return look


def test_who_is_new_is_made_when_their_token_is_stored_and_under_the_id_whose_requests_were_counted(
    resources, everyone
):
    new_id = uuid4()
    connected = at_terminal.connect_personal(
        resources, new_id, "personal-token", newcomer=Newcomer("mina", "archivist")
    )
    assert (connected.user_id, connected.handle, connected.username) == (new_id, "mina", "crates")
    assert everyone() == [(new_id, "mina", "archivist")]
    assert row_of(resources, new_id)["discogs_user_id"] == 42


def test_a_wrong_token_and_a_discogs_that_is_away_leave_no_newcomer_behind(resources, owner, everyone):
    for token, error in (("mistyped", TokenRefused), ("personal-token", Unavailable)):
        with pytest.raises(error):
            at_terminal.connect_personal(resources, uuid4(), token, newcomer=Newcomer("mina", "archivist"))
        owner.status = 503
    assert everyone() == []


def test_a_hand_shake_at_a_terminal_makes_the_newcomer_at_its_end_only(resources, owner, everyone, monkeypatch):
    new_id, begun, newcomer = uuid4(), RequestToken("request", "secret"), Newcomer("mina", "archivist")

    def trade(_, budget, token, verifier):
        assert token is begun
        if verifier != "right":
            raise Invalid("No.")
        return OAuthToken("access", "its secret")

    monkeypatch.setattr(handshake, "finish", trade)
    with pytest.raises(VerifierRefused):
        at_terminal.finish(resources, new_id, begun, "wrong", newcomer=newcomer)
    assert everyone() == []
    owner.scheme = "OAuth "
    assert at_terminal.finish(resources, new_id, begun, "right", newcomer=newcomer).user_id == new_id
    assert everyone() == [(new_id, "mina", "archivist")]


def test_a_newcomer_whose_name_was_taken_meanwhile_is_connected_as_who_has_it(resources, ada, everyone):
    connected = at_terminal.connect_personal(
        resources, uuid4(), "personal-token", newcomer=Newcomer("ada", "archivist")
    )
    assert connected.user_id == ada
    assert len(everyone()) == 1


def test_the_same_account_under_a_new_name_goes_on(resources, owner, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    owner.username = "new-name"
    assert at_terminal.connect_personal(resources, ada, "personal-token").username == "new-name"
    assert row_of(resources, ada)["discogs_username"] == "new-name"


def test_another_account_is_refused_with_both_names_and_a_choice(resources, owner, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    before = row_of(resources, ada)
    owner.id, owner.username = 43, "other"
    with pytest.raises(OtherAccount, match=r"'other'.*'crates'") as refused:
        at_terminal.connect_personal(resources, ada, "personal-token")
    assert "forget_account" in refused.value.next_step
    assert row_of(resources, ada) == before


def test_no_token_for_the_profile_still_connects(resources, ada):
    resources.limiter.left = 1
    connected = at_terminal.connect_personal(resources, ada, "personal-token")
    assert (connected.username, connected.num_collection) == ("crates", None)


def test_nobody_is_not_connected(resources):
    with pytest.raises(UnknownUser):
        at_terminal.connect_personal(resources, uuid4(), "personal-token")
    with pytest.raises(UnknownUser):
        disconnect(resources, uuid4())


def test_a_connection_is_asked_for_before_work_that_needs_it(resources, ada):
    def required():
        with resources.pool.transaction() as conn:
            return connect.require_connected(conn, ada)

    with pytest.raises(NotConnected, match="no Discogs account"):
        required()
    at_terminal.connect_personal(resources, ada, "personal-token")
    assert required().username == "crates"
    with resources.pool.transaction() as conn:
        links.mark_needs_reconnect(conn, links.account(conn, resources.keys, ada))
    with pytest.raises(NotConnected, match="'crates'"):
        required()
    at_terminal.connect_personal(resources, ada, "personal-token")
    assert required().state == "connected"
    disconnect(resources, ada)
    with pytest.raises(NotConnected):
        required()


def test_a_disconnect_cancels_what_speaks_for_the_account_alone(resources, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    with resources.pool.transaction() as conn:
        speaking = [enqueue(conn, kind, ada).job for kind in (IMPORT_COLLECTION, IMPORT_WANTLIST)]
        other = enqueue(conn, UPKEEP, ada).job
    ended = disconnect(resources, ada)
    assert ended.was_connected
    assert {job.id for job in ended.cancelled} == {job.id for job in speaking}
    with resources.pool.transaction() as conn:
        assert jobs.find(conn, other.id).state is State.PENDING


def test_a_disconnect_keeps_what_was_imported_and_who_it_was(resources, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    _own_a_copy(resources, ada)
    disconnect(resources, ada)
    assert _counts(resources, ada) == {"instances": 1, "wants": 1, "agreed": 1, "albums": 1}
    row = row_of(resources, ada)
    assert (row["discogs_user_id"], row["discogs_oauth_token"]) == (42, None)


def test_forgetting_the_account_deletes_what_is_known_of_it_but_no_album(resources, owner, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    with resources.pool.transaction() as conn:
        bob = users.create(conn, "bob").id
    for user in (ada, bob):
        _own_a_copy(resources, user)
    disconnect(resources, ada, forget_account=True)
    assert _counts(resources, ada) == {"instances": 0, "wants": 0, "agreed": 0, "albums": 1}
    assert _counts(resources, bob) == {"instances": 1, "wants": 1, "agreed": 1, "albums": 1}
    with resources.pool.transaction() as conn:
        album = conn.execute("SELECT * FROM public.albums WHERE user_id = %s", [ada]).fetchone()
        assert (album["title"], album["discogs_instance_id"], album["discogs_release_id"]) == ("Bobo", None, 5)
    owner.id, owner.username = 43, "other"
    assert at_terminal.connect_personal(resources, ada, "personal-token").username == "other"


def test_forgetting_the_account_takes_its_own_fields_along_and_leaves_what_was_only_written_here(resources, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    _own_a_copy(resources, ada)
    with resources.pool.transaction() as conn:
        said = '{"field_4": "Shelf A", "field_5": "12.50"}'
        conn.execute("UPDATE public.albums SET discogs_date_added = now(), discogs_fields = %s", [said])
        conn.execute("UPDATE rekkrd.agreed SET fields = %s", ['{"field_4": "Shelf A", "field_5": "12"}'])
    disconnect(resources, ada, forget_account=True)
    with resources.pool.transaction() as conn:
        album = conn.execute("SELECT * FROM public.albums").fetchone()
    assert (album["discogs_date_added"], album["discogs_fields"]) == (None, {"field_5": "12.50"})


def test_forgetting_ends_a_step_under_way_so_that_it_stores_nothing_afterwards(resources, ada):
    at_terminal.connect_personal(resources, ada, "personal-token")
    with resources.pool.transaction() as conn:
        job = enqueue(conn, IMPORT_COLLECTION, ada).job
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE rekkrd.jobs SET called_until = now() + interval '1 minute'")
        claimed = steps.claim(conn, job.id, worker="w", lease_seconds=60)
    ended = disconnect(resources, ada, forget_account=True)
    assert [(job.id, job.state) for job in ended.cancelled] == [(claimed.id, State.CANCELLED)]
    with resources.pool.transaction() as conn:
        assert steps.lock(conn, claimed) is None
        (status,) = conn.execute("SELECT status FROM public.discogs_import_jobs").fetchone().values()
    assert status == "cancelled"


def _own_a_copy(resources, user_id):
    with resources.pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.releases (release_id, title, artist) VALUES (5, 'Bobo', 'B') ON CONFLICT DO NOTHING"
        )
        conn.execute(
            "INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id) VALUES (%s, 9, 5, 1)", [user_id]
        )
        conn.execute("INSERT INTO rekkrd.wants (user_id, release_id) VALUES (%s, 5)", [user_id])
        album = conn.execute(
            "INSERT INTO public.albums"
            " (user_id, title, artist, discogs_release_id, discogs_instance_id, discogs_folder_id)"
            " VALUES (%s, 'Bobo', 'B', 5, 9, 1) RETURNING id",
            [user_id],
        ).fetchone()
        conn.execute(
            "INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields) VALUES (%s, 9, %s, '{}')",
            [user_id, album["id"]],
        )


def _counts(resources, user_id):
    tables = {"instances": "rekkrd", "wants": "rekkrd", "agreed": "rekkrd", "albums": "public"}
    with resources.pool.transaction() as conn:
        return {
            table: conn.execute(f"SELECT count(*) FROM {schema}.{table} WHERE user_id = %s", [user_id]).fetchone()[
                "count"
            ]
            for table, schema in tables.items()
        }
