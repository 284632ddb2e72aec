"""The oracle: compares what we hold with the simulator's truth, in words of its own.

Nothing here uses the code that stores: what an instance should look like is said a second time, from the contract.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from psycopg import Connection

Json = dict[str, Any]

# An import enqueues the price refresh of its releases. A journey that is about other jobs leaves it unstarted.
IS_NOT_STARTED_SYSTEM_JOB = f"(state = 'pending' AND steps = 0 AND user_id = '{UUID(int=0)}')"
MEDIA, SLEEVE, NOTES = 1, 2, 3
SHORT = {
    "Mint (M)": "M",
    "Near Mint (NM or M-)": "NM",
    "Very Good Plus (VG+)": "VG+",
    "Very Good (VG)": "VG",
    "Good Plus (G+)": "G+",
    "Good (G)": "G",
    "Fair (F)": "F",
    "Poor (P)": "P",
    "Generic": "Generic",
    "No Cover": "No Cover",
}


def complaints(conn: Connection[Json], user_id: UUID, truth: Json, *, gone: frozenset[int] = frozenset()) -> list[str]:
    """Say everything that is not as it is at Discogs; nothing when all is well.

    ``gone`` are copies that were there during the import and are not any more: they may be held, or marked missing.
    """
    owned = {item["instance_id"]: item for item in truth["instances"]}
    wanted = {item["id"]: item for item in truth["wants"]}
    return [
        *_of_copies(conn, user_id, owned, gone),
        *_of_albums(conn, user_id, owned, gone),
        *_of_wants(conn, user_id, wanted),
        *_of_releases(conn, owned, wanted),
        *_of_fields(conn, user_id, truth),
        *_of_log(conn, user_id, owned.keys() | gone, wanted.keys()),
    ]


def ledger_complaints(conn: Connection[Json]) -> list[str]:
    """Say which jobs are not over, and which rows of the plan's table are out of step with their job."""
    said = [
        f"job {row['id']} ({row['kind']}) is {row['state']}: {row['waits_for'] or row['error']}"
        for row in conn.execute(
            "SELECT * FROM rekkrd.jobs WHERE (state NOT IN ('completed', 'failed', 'cancelled') "
            f"AND NOT {IS_NOT_STARTED_SYSTEM_JOB}) "
            "OR leased_until IS NOT NULL OR called_until IS NOT NULL OR is_executing"
        )
    ]
    mirrored = conn.execute(
        "SELECT j.id, j.kind, j.state, j.user_id, j.total_records, j.processed_records, j.skipped_records, "
        "coalesce((j.checkpoint ->> 'current_page')::int, 0) AS current_page, j.error, j.started_at, j.finished_at, "
        "i.id IS NOT NULL AS is_there, i.status, i.user_id AS of_user, i.total_records AS total, "
        "i.processed_records AS processed, i.skipped_records AS skipped, i.current_page AS page, i.error AS said, "
        "i.started_at AS started, i.completed_at AS completed "
        "FROM rekkrd.jobs AS j LEFT JOIN public.discogs_import_jobs AS i ON i.id = j.id "
        "WHERE j.kind IN ('import_collection', 'import_wantlist')"
    ).fetchall()
    for row in mirrored:
        status = "running" if row["state"] == "retrying" else row["state"]
        job = [status, *(row[name] for name in _JOB_SIDE)]
        mirror = [row["status"], *(row[name] for name in _MIRROR_SIDE)]
        if not row["is_there"] or job != mirror:
            said.append(f"the import row of job {row['id']} is out of step: {mirror} instead of {job}")
    return said


_JOB_SIDE = (
    "user_id",
    "total_records",
    "processed_records",
    "skipped_records",
    "current_page",
    "error",
    "started_at",
    "finished_at",
)
_MIRROR_SIDE = ("of_user", "total", "processed", "skipped", "page", "said", "started", "completed")


def most_in_window(times: Sequence[float], seconds: float) -> int:
    """The most of these times in any half-open window; slow and plain on purpose."""
    ordered = sorted(times)
    return max((sum(1 for time in ordered if begin <= time < begin + seconds) for begin in ordered), default=0)


def _of_copies(conn: Connection[Json], user_id: UUID, owned: Mapping[int, Json], gone: frozenset[int]) -> Iterator[str]:
    rows = _by(conn, "SELECT * FROM rekkrd.instances WHERE user_id = %s", user_id, "instance_id")
    yield from (f"copy {number} is lost" for number in owned.keys() - rows.keys())
    for number, row in rows.items():
        if number not in owned:
            if number not in gone:
                yield f"copy {number} was never there"
            continue
        if row["missing_since"] is not None:
            yield f"copy {number} is owned and marked missing"
        yield from _differences(f"copy {number}", row, expected_copy(owned[number]))


def _of_albums(conn: Connection[Json], user_id: UUID, owned: Mapping[int, Json], gone: frozenset[int]) -> Iterator[str]:
    albums = conn.execute("SELECT * FROM public.albums WHERE user_id = %s", [user_id]).fetchall()
    agreed = _by(conn, "SELECT * FROM rekkrd.agreed WHERE user_id = %s", user_id, "instance_id")
    count = Counter(row["discogs_instance_id"] for row in albums)
    yield from (f"copy {number} has {count[number]} albums" for number in owned if count[number] != 1)
    for row in albums:
        number = row["discogs_instance_id"]
        if number not in owned:
            if number not in gone:
                yield f"album {row['id']} shows copy {number}, which was never there"
            continue
        expected = expected_album(owned[number])
        yield from _differences(f"album of {number}", row, expected)
        pact = agreed.get(number)
        if pact is None or pact["album_id"] != row["id"]:
            yield f"nothing is agreed on copy {number} and its album"
        else:
            added = expected["discogs_date_added"]
            yield from _differences(
                f"agreement on {number}", pact["fields"], {**expected, "discogs_date_added": added.isoformat()}
            )


def _of_wants(conn: Connection[Json], user_id: UUID, wanted: Mapping[int, Json]) -> Iterator[str]:
    rows = _by(conn, "SELECT * FROM rekkrd.wants WHERE user_id = %s", user_id, "release_id")
    yield from (f"want {number} is lost" for number in wanted.keys() - rows.keys())
    for number, row in rows.items():
        if number not in wanted:
            yield f"want {number} was never there"
            continue
        if row["missing_since"] is not None:
            yield f"want {number} is wanted and marked missing"
        yield from _differences(f"want {number}", row, expected_want(wanted[number]))


def _of_releases(conn: Connection[Json], *lists: Mapping[int, Json]) -> Iterator[str]:
    expected = {item["id"]: expected_release(item["basic_information"]) for each in lists for item in each.values()}
    found = conn.execute("SELECT * FROM rekkrd.releases WHERE release_id = any(%s)", [list(expected)]).fetchall()
    rows = {row["release_id"]: row for row in found}
    yield from (f"release {number} is lost" for number in expected.keys() - rows.keys())
    for number, row in rows.items():
        yield from _differences(f"release {number}", row, expected[number])


def _of_fields(conn: Connection[Json], user_id: UUID, truth: Json) -> Iterator[str]:
    fields = _by(conn, "SELECT * FROM rekkrd.fields WHERE user_id = %s", user_id, "field_id")
    for field in truth["fields"]:
        expected = {"name": field["name"], "type": field["type"], "options": field.get("options", [])}
        yield from _differences(f"field {field['id']}", fields.get(field["id"], {}), expected)
    folders = _by(conn, "SELECT * FROM rekkrd.folders WHERE user_id = %s", user_id, "folder_id")
    for folder in truth["folders"]:
        yield from _differences(f"folder {folder['id']}", folders.get(folder["id"], {}), {"name": folder["name"]})


def _of_log(conn: Connection[Json], user_id: UUID, copies: Sequence[int] | set[int], wants: Any) -> Iterator[str]:
    """Every record came once: the sync log has one line of its creation, whatever was tried twice."""
    rows = conn.execute(
        "SELECT coalesce((details ->> 'instance_id')::bigint, -discogs_release_id) AS what, count(*) AS lines "
        "FROM public.discogs_sync_log WHERE user_id = %s AND action = 'import' GROUP BY 1",
        [user_id],
    )
    lines = {row["what"]: row["lines"] for row in rows}
    yield from (f"{what} was created {count} times by the sync log" for what, count in lines.items() if count != 1)
    held = {
        row["instance_id"]
        for row in conn.execute("SELECT instance_id FROM rekkrd.instances WHERE user_id = %s", [user_id])
    }
    for what in (held & set(copies)) | {-number for number in wants}:
        if what not in lines:
            yield f"the sync log does not know how {what} came"


def expected_copy(item: Json) -> Json:
    """What a row of a copy must say."""
    values = {note["field_id"]: note["value"] for note in item.get("notes", [])}
    return {
        "release_id": item["id"],
        "folder_id": item["folder_id"],
        "rating": item["rating"],
        "date_added": _moment(item["date_added"]),
        "media_condition": SHORT.get(values.get(MEDIA, "")),
        "sleeve_condition": SHORT.get(values.get(SLEEVE, "")),
        "notes": values.get(NOTES),
        "fields": [{"field_id": note["field_id"], "value": note["value"]} for note in item.get("notes", [])],
    }


def expected_album(item: Json) -> Json:
    """What an album of a copy must say."""
    basic, copy = item["basic_information"], expected_copy(item)
    catno = basic["labels"][0]["catno"] if basic["labels"] else "none"
    return {
        "artist": _credit(basic["artists"]),
        "title": _kept(basic["title"]),
        "year": basic.get("year") or None,
        "discogs_release_id": item["id"],
        "discogs_master_id": basic.get("master_id") or None,
        "media_condition": copy["media_condition"],
        "sleeve_condition": copy["sleeve_condition"],
        "discogs_folder_id": item["folder_id"],
        "discogs_notes": copy["notes"],
        "discogs_date_added": copy["date_added"],
        "catalog_number": None if catno == "none" else catno,
    }


def expected_want(item: Json) -> Json:
    """What a row of a want must say."""
    return {"rating": item["rating"], "notes": item.get("notes", ""), "date_added": _moment(item["date_added"])}


def expected_release(basic: Json) -> Json:
    """What a row of a release must say; of artists, labels and formats all that Discogs says."""
    return {
        "master_id": basic.get("master_id") or None,
        "title": _kept(basic["title"]),
        "artist": _credit(basic["artists"]),
        "year": basic.get("year") or None,
        "artists": basic["artists"],
        "labels": basic["labels"],
        "formats": basic["formats"],
        "genres": basic["genres"],
        "styles": basic.get("styles", []),
        "thumb": basic.get("thumb", ""),
        "cover_image": basic.get("cover_image", ""),
    }


def _credit(artists: Sequence[Json]) -> str:
    """Artists as on the sleeve; "(2)" behind a name is Discogs' own."""
    names = []
    for artist in artists:
        name, _, number = artist["name"].rpartition(" (")
        names.append(artist["anv"] or (name if name and number.rstrip(")").isdigit() else artist["name"]))
    text = names[0] if names else ""
    for (before, _), (_, name) in pairwise(zip(artists, names, strict=True)):
        joint = before["join"].strip()
        text += (", " if joint in ("", ",") else f" {joint} ") + name
    return text


def _differences(what: str, row: Json, expected: Json) -> Iterator[str]:
    for name, value in expected.items():
        if not _says(row.get(name), value):
            yield f"{what}: {name} is {row.get(name)!r} instead of {value!r}"


def _says(held: Any, expected: Any) -> bool:
    """Whether a value is what it should be; objects may hold more keys than Discogs sent, if those say nothing."""
    if isinstance(expected, dict):
        return isinstance(held, dict) and all(
            _says(value, expected[key]) if key in expected else value in ("", None, []) for key, value in held.items()
        ) and expected.keys() <= held.keys()  # fmt: skip  # reads as one claim
    if isinstance(expected, list):
        return isinstance(held, list) and len(held) == len(expected) and all(map(_says, held, expected))
    return bool(held == expected)


def _kept(text: str) -> str:
    """PostgreSQL knows no NUL: its picture stands for it."""
    return text.replace("\0", "␀")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _by(conn: Connection[Json], statement: Any, user_id: UUID, key: str) -> dict[int, Json]:
    return {row[key]: row for row in conn.execute(statement, [user_id])}
