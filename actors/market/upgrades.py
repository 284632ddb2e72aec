"""Better copies for less: what watched sellers have in a better grade than the copy that is owned, below its worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from actors.market.offers import NO_SELLER, looked
from actors.market.worth import amount
from actors.wording import count
from db import Connection, listings, users
from db.listings import FIRST, Tally, Upgrade
from db.sellers import Watched


@dataclass(frozen=True, slots=True)
class Found:
    """A page of upgrades, amounts in ``currency``; ``has_more`` when others follow."""

    currency: str
    watched: Sequence[Watched]
    upgrades: Sequence[Upgrade]
    has_more: bool
    tally: Tally

    @property
    def sentence(self) -> str:
        """Say how many there are, and of how many nobody knows."""
        if not self.watched:
            return NO_SELLER
        tally = self.tally
        if not tally.better:
            return "No watched seller has a record in a better grade than the copy that is owned."
        offers = f"{count(tally.better, 'offer')} in a better grade than the copy that is owned"
        below = "below what Discogs suggests for it"
        if tally.unknown == tally.better:
            return f"{offers}, and nothing to compare with: no suggestion or no exchange rate is known yet."
        said = f"{tally.cheaper:,} of {offers}: {below}." if tally.cheaper else f"{offers}, none of them {below}."
        if tally.unknown:
            said += f" Of {tally.unknown:,} no suggestion or no exchange rate is known."
        return said


def find(
    conn: Connection,
    user_id: UUID,
    *,
    release_id: int | None = None,
    after: tuple[Decimal, int] = FIRST,
    room: int,
) -> Found:
    """Return upgrades of one release or of all that are owned, the largest saving first. Raises UnknownUser."""
    currency = users.find(conn, user_id).currency
    found, tally = listings.cheaper(conn, user_id, currency, release_id=release_id, after=after, room=room + 1)
    watched = looked(conn, user_id, [one.offer for one in found[:room]])
    return Found(currency, watched, found[:room], len(found) > room, tally)


def sentence(upgrade: Upgrade, currency: str) -> str:
    """Say one upgrade: what for what, at which price, and how far below its worth."""
    offer = upgrade.offer
    owned = "an ungraded copy" if upgrade.is_assumed else upgrade.owned_grade
    price = "" if offer.own_price is None else f" for {amount(offer.own_price, currency)}"
    saved = amount(upgrade.saving, currency)
    return f"{offer.media} in place of {owned}{price}: {saved} below what Discogs suggests for {offer.media}."
