"""Prices of a release for a person who looks: what is stored while it is fresh, else one request for everyone.

One caller of all processes asks Discogs, in the queue `interactive`; the others wait for its answer. While Discogs is
unavailable, stored prices are shown with their age, and no new request is sent for a moment.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

import structlog

from db import links, prices, users
from db.errors import SealBroken
from db.links import Account
from db.prices import Fresh, Price, State, What
from discogs.budget import Budget
from discogs.errors import (
    ApplicationRejected,
    DiscogsError,
    Gone,
    Invalid,
    PermitExpired,
    SellerSettings,
    Unauthorised,
    Unavailable,
)
from discogs.ids import ReleaseId
from discogs.records.market import PriceSuggestions
from services.market import price_accounts, pricing
from services.market.price_accounts import OPERATOR
from services.market.pricing import CURRENCY, FRESH, WATCHED
from services.market.watching import store_price
from services.senders import Busy
from services.single_flight import Pending, SingleFlight, Source
from workers.limiter.errors import LimiterError
from workers.resources import PERSON_WAITS_SECONDS, Resources

log = structlog.get_logger(__name__)

ATTRIBUTION: Final = "Data provided by Discogs."
MOST_ASKERS = 3  # accounts that one request for suggestions tries: the user's own, an owner's, the operator's
CLAIM_SECONDS = MOST_ASKERS * PERSON_WAITS_SECONDS + 20.0  # each account's request waits for a permit and an answer
AWAY_SECONDS = 10.0  # nobody asks again for so long after an answer that did not come

Told = State | Literal["no_seller_settings", "pending"]

SENTENCES: Mapping[Told, str] = {
    "priced": "As Discogs has it.",
    "no_price": "Discogs has no price for this release: nothing to compare with, or nothing for sale.",
    "blocked": "Discogs lets nobody sell this release.",
    "gone": "Discogs does not know this release, or no longer.",
    "no_seller_settings": (
        "Discogs suggests prices only to accounts with seller settings, and no account here has them. Fill them in at "
        "discogs.com under Settings, Seller; the operator can also set DISCOGS_PERSONAL_TOKEN."
    ),
    "pending": "Discogs is being asked for this price.",
}

Key = tuple[What, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer to a person who looks. ``price`` is None, or without figures, before the first answer of Discogs.

    ``why_stale`` is the reason if the price is older than it should be. ``retry_after`` is in seconds, None unless a
    request to Discogs is under way.
    """

    release_id: int
    state: Told
    price: Price | None
    why_stale: str | None = None
    retry_after: int | None = None

    @property
    def sentence(self) -> str:
        return SENTENCES[self.state]

    @property
    def link(self) -> str:
        return f"https://www.discogs.com/release/{self.release_id}"


class _NobodyMayAsk(Exception):
    """No account here gets suggestions: a state of the accounts, not of the release."""


async def look(flights: SingleFlight, user_id: UUID | None, release_id: int, what: What, *, wait: float) -> Seen:
    """Return one side of a release's prices, asked for again if it is older than six hours.

    ``wait`` is the longest wait for Discogs in seconds. Then an older price is returned if there is one, else the state
    `pending`; the request goes on.

    Raises:
        UnknownUser: no user has this ID.
        Gone: Discogs does not know the release.
        DiscogsError, LimiterError, PermitExpired: Discogs could not be asked, and no price is stored.
    """
    price = await asyncio.to_thread(_look_up, flights.resources, user_id, release_id, what)
    stored = _stored(price)
    if stored is not None:
        return stored
    try:
        return await flights.get(PRICES, (what, release_id), user_id, wait=wait, is_held=price.is_held)
    except Pending as pending:
        return replace(_stale(price, SENTENCES["pending"]), retry_after=pending.retry_after)
    except Busy as busy:
        if price.state is None:
            raise
        return _stale(price, str(busy))


def is_fresh(price: Price) -> bool:
    """Return True if Discogs need not be asked: younger than six hours, or unknown to Discogs."""
    limit = pricing.SELDOM if price.state == "gone" else FRESH
    return price.age is not None and price.age < limit


def _look_up(resources: Resources, user_id: UUID | None, release_id: int, what: What) -> Price:
    with resources.pool.transaction() as conn:
        if user_id is not None:
            users.find(conn, user_id)
        return prices.look(conn, release_id, what, watched=WATCHED if what == "stats" else pricing.USUAL)


def _stored(price: Price) -> Seen | None:
    """Return the answer that needs no request: a fresh price, or the failure of a moment ago. None if there is none."""
    if is_fresh(price):
        return _told(price)
    return _stale(price, price.failed) if price.is_held and price.failed is not None else None


def _find(resources: Resources, key: Key) -> Seen | None:
    with resources.pool.transaction() as conn:
        price = prices.find(conn, key[1], key[0])
    return None if price is None else _stored(price)


def _claim_and_ask(resources: Resources, key: Key, user_id: UUID | None) -> Seen | None:
    what, release_id = key
    with resources.pool.transaction() as conn:
        price = prices.look(conn, release_id, what, watched=WATCHED if what == "stats" else pricing.USUAL)
        stored = _stored(price)
        claim = None if stored is not None else prices.claim(conn, release_id, what, seconds=CLAIM_SECONDS)
    return stored if claim is None else _ask(resources, user_id, price, claim)


def _held(resources: Resources, keys: Collection[Key]) -> Collection[Key]:
    with resources.pool.transaction() as conn:
        return prices.held(conn, keys)


PRICES = Source(find=_find, ask=_claim_and_ask, held=_held)


def _ask(resources: Resources, user_id: UUID | None, was: Price, mine: UUID) -> Seen:
    """Ask Discogs, store the answer, and release the claim."""
    failed: str | None = None
    try:
        fresh = _suggestions(resources, user_id, was) if was.what == "suggestions" else _stats(resources, user_id, was)
        with resources.pool.transaction() as conn:
            store_price(conn, was.release_id, was.what, fresh)
    except _NobodyMayAsk:
        if was.state is None:
            return Seen(was.release_id, "no_seller_settings", None)
        return _stale(was, SENTENCES["no_seller_settings"])
    except (DiscogsError, LimiterError, PermitExpired) as error:
        failed = str(error)
        log.warning("price_not_asked", release_id=was.release_id, what=was.what, error=failed)
        if was.state is not None:
            return _stale(was, failed)
        if isinstance(
            error, (Unauthorised, Invalid, SellerSettings)
        ):  # who looks is not to blame, and can do nothing about it
            raise Unavailable(failed) from error
        raise
    finally:
        with resources.pool.transaction() as conn:
            prices.give_up(conn, was.release_id, was.what, mine, sentence=failed, seconds=AWAY_SECONDS)
    return _told(_found(resources, was))


def _stats(resources: Resources, user_id: UUID | None, was: Price) -> Fresh:
    """Ask for the market's figures; it needs nobody's account."""
    client = resources.discogs(None, resources.budget_for_person(_name(user_id)))
    try:
        said = client.marketplace_stats(ReleaseId(was.release_id), currency=CURRENCY)
    except Gone:
        return pricing.gone()
    return pricing.of_stats(said, was, was.seen_at)


def _suggestions(resources: Resources, user_id: UUID | None, was: Price) -> Fresh:
    """Request suggestions with the account of the user who looks, then with others that get some."""
    has_operator = resources.settings.discogs.personal_token is not None
    with resources.pool.transaction() as conn:
        askers = price_accounts.accounts_for(
            conn, was.release_id, user_id=user_id, has_operator=has_operator, limit=MOST_ASKERS
        )
    budget = resources.budget_for_person(_name(user_id))
    for asker in askers:
        try:
            said = _asked_by(resources, asker, was.release_id, budget)
        except Gone:
            return pricing.gone()
        if said is not None:
            return pricing.of_suggestions(said, was, was.seen_at)
    raise _NobodyMayAsk


def _asked_by(resources: Resources, asker: UUID, release_id: int, budget: Budget) -> PriceSuggestions | None:
    """Request suggestions with one account; None if that account gets none."""
    account = None
    if asker == OPERATOR:
        client = resources.discogs_of_operator(budget)
    else:
        account = _account(resources, asker)
        client = None if account is None else resources.discogs(account, budget)
    if client is None:
        return None
    try:
        said = client.price_suggestions(ReleaseId(release_id))
    except SellerSettings:
        said = None
    except Unauthorised as error:
        log.warning("suggestions_refused", asker=str(asker), error=str(error))
        said = None
        if account is not None:
            with resources.pool.transaction() as conn:
                links.mark_needs_reconnect(conn, account)
            return None
    except ApplicationRejected:
        return None  # the key or this one token: unknown here. The lowest price is requested with the key alone.
    with resources.pool.transaction() as conn:
        price_accounts.store_seller_settings(conn, asker, has_them=said is not None)
    return said


def _account(resources: Resources, user_id: UUID) -> Account | None:
    """Return the connection of a user whose token can be decrypted."""
    try:
        with resources.pool.transaction() as conn:
            account = links.account(conn, resources.keys, user_id)
    except SealBroken as error:
        log.warning("seal_broken", user_id=str(user_id), error=str(error))
        return None  # mostly another user's account: the user who looks can do nothing about it
    return None if account is None or account.credentials is None else account


def _name(user_id: UUID | None) -> str:
    """Say for whom the request is spent, whoever signs it."""
    return "" if user_id is None else str(user_id)


def _found(resources: Resources, was: Price) -> Price:
    with resources.pool.transaction() as conn:
        return prices.find(conn, was.release_id, was.what) or was


def _told(price: Price) -> Seen:
    if price.state is None:
        return Seen(price.release_id, "pending", None)
    if price.state == "gone":
        raise Gone(SENTENCES["gone"], status=404)
    return Seen(price.release_id, price.state, price)


def _stale(price: Price, sentence: str) -> Seen:
    """Show what there is, with the reason why it is older than it should be. Raises Unavailable when there is none."""
    if price.state is None and price.failed is not None:
        raise Unavailable(price.failed)
    return replace(_told(price), why_stale=sentence)
