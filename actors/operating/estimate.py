"""What an import will cost in requests and minutes, said before anything is spent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from actors.catalog import IMPORT_COLLECTION, IMPORT_WANTLIST, REFRESH_COLLECTION
from actors.importing.walking import PER_PAGE, newest_of
from actors.operating.pace import Pace
from actors.wording import count
from db import Connection, gates, links, waiting
from db.links import Link
from services.wording import lasting
from workers.holds import BUDGET
from workers.kinds import Kind

BEFORE_COLLECTION = 3  # identity, folders, fields


@dataclass(frozen=True, slots=True)
class Estimate:
    """The forecast of one job at the present line; None where only the first page will tell."""

    kind: str
    records: int | None
    requests: int | None
    seconds: float | None
    users_in_lane: int
    sentence: str


def estimate(conn: Connection, kind: Kind[Any, Any], user_id: UUID, pace: Pace) -> Estimate:
    """Forecast a job from what is known already: no request is sent and nothing is enqueued."""
    users = waiting.users_by_lane(conn)
    others = waiting.count_others(conn, kind.lane, user_id)
    brake = gates.braked(conn, BUDGET)
    pace = pace.at(brake.share) if brake and brake.share else pace
    return forecast(kind, links.link(conn, user_id), {**users, kind.lane: others + 1}, pace)


def forecast(kind: Kind[Any, Any], link: Link | None, users_by_lane: Mapping[str, int], pace: Pace) -> Estimate:
    """Forecast a job of this kind. ``users_by_lane`` counts the asking user too."""
    users = users_by_lane.get(kind.lane, 1)
    records = expected_records(kind.name, link)
    requests = requests_of(kind, records)
    if requests is None:
        sentence = "Unknown until the first page: Discogs has not said yet how many records there are."
        return Estimate(kind.name, records, None, None, users, sentence)
    seconds = pace.seconds(requests, kind.lane, users_by_lane)
    what = "" if records is None else f"{count(records, 'record')}: "
    shared = "" if users == 1 else f", taking turns with {count(users - 1, 'other user')}"
    sentence = f"{what}{count(requests, 'request')}, about {lasting(seconds)}{shared}."
    return Estimate(kind.name, records, requests, seconds, users, sentence[0].upper() + sentence[1:])


def expected_records(kind: str, link: Link | None) -> int | None:
    """How many records a job of this kind will bring by Discogs' last word, None when it said none."""
    if link is None:
        return None
    counts = {IMPORT_COLLECTION.name: link.num_collection, IMPORT_WANTLIST.name: link.num_wantlist}
    there, held = counts.get(kind), newest_of(link.tier)
    return there if there is None or held is None else min(there, held)


def pages_of(records: int) -> int:
    """How many pages a list of so many records has: an empty one is a page, too."""
    return max(1, -(-records // PER_PAGE))


def requests_of(kind: Kind[Any, Any], records: int | None) -> int | None:
    """How many requests a job of this kind costs, None where nobody knows before its first page."""
    if kind.name == REFRESH_COLLECTION.name:
        return 1  # when nothing is new; what is costs one more for each hundred
    if kind.name not in (IMPORT_COLLECTION.name, IMPORT_WANTLIST.name):
        return None if kind.takes_token else 0
    if records is None:
        return None
    return pages_of(records) + (BEFORE_COLLECTION if kind.name == IMPORT_COLLECTION.name else 0)
