"""Whom a collector watches: Discogs lists no offers for a release, only those of a seller who is named."""

from uuid import UUID

from actors.catalog import READ_SHOPS
from actors.errors import SellerRefused
from actors.market.shopping import CEILING
from actors.wording import count
from db import Connection, sellers, users
from db.sellers import Seller, Watched
from services.wording import lasting
from workers.enqueue import Origin, enqueue

MOST_A_USER = 20
LIST = "GET /api/discogs/sellers lists them, as does `rekkrd sellers list`."


def watch(conn: Connection, user_id: UUID, name: str) -> tuple[Watched, bool]:
    """Watch a seller, and say whether that is new; the same name in another case is the same seller.

    Raises:
        UnknownUser
        SellerRefused: the user watches as many as anybody may.
    """
    users.find(conn, user_id)
    sellers.lock(conn, user_id)
    before = find(conn, user_id, name)
    if before is not None:
        return before, False
    if len(sellers.watched(conn, user_id)) >= MOST_A_USER:
        raise SellerRefused(f"There are {MOST_A_USER} sellers, and nobody may watch more.", f"Remove one; {LIST}")
    sellers.watch(conn, user_id, name)
    made = find(conn, user_id, name)
    if made is None:
        raise LookupError("a seller who was there a moment ago")
    if made.seller.fetched_at is None:
        enqueue(conn, READ_SHOPS.name, origin=Origin.OPERATOR)
    return made, True


def find(conn: Connection, user_id: UUID, name: str) -> Watched | None:
    """Return a seller whom the user watches, by name in whatever case."""
    return next((one for one in sellers.watched(conn, user_id) if one.seller.seller == name.lower()), None)


def link_of(seller: Seller) -> str:
    """Return where a seller's shop is."""
    return f"https://www.discogs.com/seller/{seller.name}/profile"


def sentence(seller: Seller) -> str:
    """Say how a shop stands, as of when, and what of it is not shown."""
    if seller.fetched_at is None:
        return "The shop was not read yet."
    age = f"{lasting((seller.seen_at - seller.fetched_at).total_seconds())} ago"
    if seller.state == "gone":
        return f"Discogs knew no such seller {age}. It is asked again once a week."
    if seller.state == "closed":
        return f"Discogs did not show this shop {age}. It is asked again every day."
    said = [f"{count(seller.offers or 0, 'offer')} {age}."]
    if seller.offers is not None and seller.offers > CEILING:
        said.append(f"Discogs shows programs the {CEILING:,} newest only.")
    if seller.swept_at is not None and seller.swept_at < seller.fetched_at:
        swept = lasting((seller.seen_at - seller.swept_at).total_seconds())
        said.append(f"All of it was read {swept} ago; since then, what is new.")
    return " ".join(said)
