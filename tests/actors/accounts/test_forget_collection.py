"""After a removal nothing from Discogs is left anywhere, and nothing that is anybody's own went with it."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from actors.accounts import forget_collection
from actors.accounts.forget_collection import AGAIN, look
from actors.checkpoints import ForgetCheckpoint
from db import forgetting, links
from db.forgetting import TABLES
from workers.kinds import Done, NoArguments, Progress, Step

# Tables with rows of a user that stay, and why.
STAYS = {
    "public.albums": "the collector's own; what ties them to the account goes",
    "public.discogs_usage": "what we spent in a month, for the tier's limits: nothing of it is from Discogs",
    "rekkrd.usage_minutes": "the same by the minute; upkeep clears it",
    "rekkrd.usage_months": "the same by the month",
    "rekkrd.turns": "the order of the line; upkeep clears it",
    "rekkrd.touched": "that something was written a moment ago; the clock clears it within minutes",
}


@dataclass
class Removal:
    """A user's removal, driven step by step."""

    conn: psycopg.Connection
    user_id: UUID
    steps: list[ForgetCheckpoint] = field(default_factory=list)

    def step(self, checkpoint: ForgetCheckpoint, progress: Progress):
        step = Step(uuid4(), self.user_id, NoArguments(), checkpoint, progress, discogs=None, account=None)
        with self.conn.transaction():
            return forget_collection.store(self.conn, step, None)

    def run(self) -> Done:
        checkpoint, progress = ForgetCheckpoint(), Progress(0)
        while True:
            ended = self.step(checkpoint, progress)
            if isinstance(ended, Done):
                return ended
            assert ended.checkpoint != checkpoint
            checkpoint, progress = ended.checkpoint, ended.progress
            self.steps.append(checkpoint)


@pytest.fixture
def conn(everything) -> psycopg.Connection:
    return everything.conn


@pytest.fixture
def ada(everything, conn) -> UUID:
    """Somebody who just disconnected, as the door leaves them."""
    user_id = everything.own("ada")
    forgetting.unbind(conn, user_id)
    return user_id


@pytest.fixture
def album(everything, conn, ada):
    """Put an album on the shelf as an import makes it: number, then what somebody does to it."""

    def make(number: int, *, is_made: bool = True, **edited) -> UUID:
        agreed = {
            "artist": "A",
            "title": f"T{number}",
            "media_condition": "VG",
            "discogs_notes": everything.said,
            "year": None,
            "discogs_folder_id": 1,
        }
        row = conn.execute(
            "INSERT INTO albums (user_id, artist, title, media_condition, discogs_notes, discogs_instance_id, "
            "discogs_folder_id, discogs_date_added) VALUES (%s, 'A', %s, 'VG', %s, %s, 1, now()) RETURNING id",
            [ada, agreed["title"], everything.said, number],
        ).fetchone()
        conn.execute(
            "INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields) VALUES (%s, %s, %s, %s)",
            [ada, number, row["id"], psycopg.types.json.Jsonb(agreed)],
        )
        details = {"change": "created", "made_album": True} if is_made else {"change": "linked"}
        conn.execute(
            "INSERT INTO discogs_sync_log (user_id, action, status, album_id, details) "
            "VALUES (%s, 'import', 'success', %s, %s)",
            [ada, row["id"], psycopg.types.json.Jsonb(details)],
        )
        for name, value in edited.items():
            update = sql.SQL("UPDATE albums SET {} = %s WHERE id = %s").format(sql.Identifier(name))
            conn.execute(update, [value, row["id"]])
        return row["id"]

    return make


def counts(everything, user_id: UUID) -> dict[str, int]:
    conn, names = everything.conn, everything.tables()
    return {
        name: conn.execute(
            sql.SQL("SELECT count(*) AS n FROM {} WHERE user_id = %s").format(sql.Identifier(*name.split("."))),
            [user_id],
        ).fetchone()["n"]
        for name in names
    }


def texts(everything) -> list[str]:
    """Rows of any table of the database in which what only this account had still stands."""
    conn = everything.conn
    tables = conn.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'rekkrd') ORDER BY 1, 2"
    ).fetchall()
    return [
        f"{row['tablename']}: {found['said']}"
        for row in tables
        for found in conn.execute(
            sql.SQL("SELECT to_jsonb(t)::text AS said FROM {} AS t").format(
                sql.Identifier(row["schemaname"], row["tablename"])
            )
        )
        if everything.said in found["said"] or str(everything.account) in found["said"]
    ]


def test_nothing_of_the_account_is_left_in_any_table_and_nobody_else_lost_a_row(everything, conn, ada, album):
    bob = everything.own("bob")
    kept, _ = album(1, title="Mine"), album(2)
    before, bobs = counts(everything, ada), counts(everything, bob)
    lacking = {name for name, rows in before.items() if name not in STAYS and not rows}
    assert lacking == {"rekkrd.links"}, "say it in FILL; the link goes with the tokens"
    ended = Removal(conn, ada).run()
    assert [name for name, rows in counts(everything, ada).items() if name not in STAYS and rows] == []
    assert texts(everything) == []
    assert counts(everything, bob) == bobs
    assert [row["id"] for row in conn.execute("SELECT id FROM albums WHERE user_id = %s", [ada])] == [kept]
    of_albums = 2  # agreements go with their albums, and are not counted beside them
    rows_gone = sum(rows for name, rows in before.items() if name not in STAYS) - of_albums
    assert ended.progress.processed == ended.progress.total == rows_gone + 1


def test_every_table_of_the_list_belongs_to_users(everything):
    owned = {name.partition(".")[2] for name in everything.tables()}
    assert set(TABLES) <= owned
    assert owned - set(TABLES) == {name.partition(".")[2] for name in STAYS} | {"links"}


@pytest.mark.parametrize(
    "edited",
    [
        {"title": "Mine"},
        {"media_condition": None},
        {"matrix_number": "A1"},
        {"year": 1999},
        {"discogs_notes": "my own words"},
        {"is_made": False},
    ],
)
def test_an_album_that_is_anybodys_own_stays_without_what_ties_it(everything, conn, ada, album, edited):
    stays = album(1, **edited)
    assert (look(conn, ada).albums_removed, look(conn, ada).albums_kept) == (0, 1)
    before = conn.execute("SELECT * FROM albums WHERE id = %s", [stays]).fetchone()
    Removal(conn, ada).run()
    after = conn.execute("SELECT * FROM albums WHERE id = %s", [stays]).fetchone()
    gone = {"discogs_instance_id": None, "discogs_folder_id": None, "discogs_date_added": None}
    if before["discogs_notes"] == everything.said:
        gone["discogs_notes"] = None
    assert after == {**before, **gone}


def test_of_own_fields_only_what_was_written_here_stays(conn, ada, album):
    goes, stays = (
        album(1, discogs_fields='{"field_4": "A"}'),
        album(2, discogs_fields='{"field_4": "A", "field_5": "B"}'),
    )
    conn.execute('UPDATE rekkrd.agreed SET fields = fields || \'{"field_4": "A"}\'')
    Removal(conn, ada).run()
    left = conn.execute("SELECT id, discogs_fields FROM albums WHERE user_id = %s", [ada]).fetchall()
    assert left == [{"id": stays, "discogs_fields": {"field_5": "B"}}]
    assert goes != stays


def test_columns_and_tables_of_the_apps_own_keep_an_album(conn, ada, album):
    conn.execute("ALTER TABLE albums ADD COLUMN state text DEFAULT 'owned', ADD COLUMN mood text, ADD COLUMN n int")
    conn.execute("CREATE TABLE public.photos (album uuid REFERENCES albums (id) ON DELETE CASCADE)")
    photographed, loved, sold, untouched = album(1), album(2, mood="☺"), album(3, state="sold"), album(4)
    conn.execute("INSERT INTO public.photos VALUES (%s)", [photographed])
    Removal(conn, ada).run()
    left = {row["id"] for row in conn.execute("SELECT id FROM albums WHERE user_id = %s", [ada])}
    assert left == {photographed, loved, sold}
    assert untouched not in left


def test_an_album_that_never_came_from_discogs_is_let_alone(conn, ada):
    own = conn.execute(
        "INSERT INTO albums (user_id, title, discogs_notes) VALUES (%s, 'own', 'words') RETURNING *", [ada]
    ).fetchone()
    Removal(conn, ada).run()
    assert conn.execute("SELECT * FROM albums").fetchall() == [own]


def test_it_goes_piece_by_piece_and_a_lost_step_changes_nothing(conn, ada, album, monkeypatch):
    monkeypatch.setattr(forget_collection, "PIECE", 2)
    for number in range(10, 15):
        album(number)
    said = look(conn, ada)
    removal = Removal(conn, ada)
    removal.step(ForgetCheckpoint(), Progress(0))  # stored, but its checkpoint was not: it comes again
    ended = removal.run()
    assert len(removal.steps) > 10
    assert [one.removed for one in removal.steps] == sorted(one.removed for one in removal.steps)
    assert said.albums_removed == 5
    assert conn.execute("SELECT count(*) AS n FROM albums").fetchone()["n"] == 0
    assert removal.run().outcome.startswith("Everything from Discogs was removed: 0 rows.")
    assert "copy" not in ended.outcome


def test_no_agreement_is_ever_without_its_album_half_way(conn, ada, album, monkeypatch):
    monkeypatch.setattr(forget_collection, "PIECE", 2)
    conn.execute("DELETE FROM rekkrd.agreed")
    for number in range(10, 15):
        album(number, **({"title": "Mine"} if number % 2 else {}))
    removal, checkpoint = Removal(conn, ada), ForgetCheckpoint()
    while checkpoint.table is None:
        checkpoint = removal.step(checkpoint, Progress(0)).checkpoint
        assert conn.execute("SELECT count(*) AS n FROM rekkrd.agreed WHERE album_id IS NULL").fetchone()["n"] == 0


def test_what_came_after_a_new_connection_is_not_touched(everything, conn, ada, album):
    album(1)
    conn.execute("INSERT INTO rekkrd.links (user_id) VALUES (%s)", [ada])
    before = counts(everything, ada)
    assert Removal(conn, ada).run().outcome == AGAIN
    assert counts(everything, ada) == before


def test_who_only_unbinds_the_account_keeps_nothing_that_waits_for_it(everything, conn):
    eve = everything.own("eve")
    with conn.transaction():
        links.forget_account(conn, eve)
    left = counts(everything, eve)
    waits = ["agreed", "conflicts", "fields", "folders", "instances", "intents", "links", "questions", "wants"]
    assert {name: left[f"rekkrd.{name}"] for name in waits if left[f"rekkrd.{name}"]} == {}


def test_a_look_counts_and_changes_nothing(everything, conn, ada, album):
    album(1), album(2, title="Mine")
    before = counts(everything, ada)
    said = look(conn, ada)
    assert (said.albums_removed, said.albums_kept, said.rows["instances"]) == (1, 1, 5)
    assert said.rows.keys() == set(TABLES)
    assert {name: rows for name, rows in before.items() if name.partition(".")[2] in TABLES} == {
        name: said.rows[name.partition(".")[2]] for name in before if name.partition(".")[2] in TABLES
    }
    assert said.sentence.startswith("5 records and 1 want from Discogs would be removed")
    assert counts(everything, ada) == before
