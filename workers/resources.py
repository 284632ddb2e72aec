"""The one place where pool, Redis, limiter and Discogs client are put together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from db.links import Account, Credentials
from db.pool import Pool, open_pool
from db.sealing import Keys
from discogs.auth import OAuthToken, PersonalToken
from discogs.budget import Budget
from discogs.client import Discogs, http_client
from workers import holds
from workers.errors import NotConfigured
from workers.figures import Figures
from workers.limiter.lanes import Lane
from workers.limiter.limiter import Limiter
from workers.limiter.stop import Stop
from workers.redis_probe import RedisProbe
from workers.settings import Settings
from workers.tokens import LaneBudget
from workers.usage import Tally

AT_A_DOOR = "door"  # the kind of what no job asks
PERSON_WAITS_SECONDS = 20.0  # how long a door waits for its token before it tells the person to come back


@dataclass(frozen=True, slots=True)
class Resources:
    """What one process holds for its life. Doors get their Discogs client here as well: there is no other way out."""

    settings: Settings
    pool: Pool
    redis: redis.Redis
    redis_probe: RedisProbe
    limiter: Limiter
    usage: Tally
    figures: Figures
    http: httpx.Client
    keys: Keys
    stop: Stop | None = None  # ends the waits of people for a permit

    def discogs(self, account: Account | None, budget: Budget) -> Discogs:
        """A client that spends from ``budget`` and speaks for the account, or for the application without one."""
        return self.discogs_with(None if account is None else account.credentials, budget)

    def discogs_with(self, credentials: Credentials | None, budget: Budget) -> Discogs:
        """A client for credentials that belong to no account yet: it says whose they are."""
        return Discogs(self.http, self.settings.discogs, budget, _signing(credentials))

    def discogs_of_operator(self, budget: Budget) -> Discogs | None:
        """A client for the account of DISCOGS_PERSONAL_TOKEN, also beside a consumer key; None without the token."""
        token = self.settings.discogs.personal_token
        return None if token is None else self.discogs_with(Credentials("personal", token.get_secret_value()), budget)

    def budget_for_person(self, user: str, *, give_up_after: float = PERSON_WAITS_SECONDS) -> Budget:
        """Return a budget of the queue `interactive`, for a person who waits at a screen."""
        return LaneBudget(
            self.limiter,
            lane=Lane.INTERACTIVE,
            user=user,
            give_up_after=give_up_after,
            stop=self.stop,
            on_request=partial(self.usage.count_answer, user=user, lane=Lane.INTERACTIVE, kind=AT_A_DOOR),
        )


@contextmanager
def open_resources(settings: Settings) -> Iterator[Resources]:
    """Open everything a process needs and close it in the end; nothing connects before it is used.

    Raises:
        NotConfigured: an address or key is missing, or settings contradict each other; the sentence names them.
    """
    settings.require_coherent()
    keys = settings.database.keys()
    if keys is None:
        raise NotConfigured(
            "DISCOGS_OAUTH_ENCRYPTION_KEY is not set. Set the key with which stored tokens were encrypted; only for a "
            "new installation, make one with `rekkrd keys new`."
        )
    pool = open_pool(settings.database)
    client = redis_client(settings)
    http = http_client(settings.discogs)
    limiter = Limiter(
        client,
        settings.limiter,
        budget=holds.BUDGET,
        namespace=settings.engine.redis_namespace,
        on_gate=lambda gate: holds.keep_throttle(pool, limiter.budget, gate),
    )
    usage = Tally(pool, flush_seconds=settings.engine.usage_flush_seconds)
    figures = Figures(pool, flush_seconds=settings.engine.usage_flush_seconds)
    try:
        yield Resources(settings, pool, client, RedisProbe(settings.engine), limiter, usage, figures, http, keys)
    finally:
        usage.close()
        figures.close()
        limiter.close()
        http.close()
        client.close()
        pool.close()


def _signing(credentials: Credentials | None) -> OAuthToken | PersonalToken | None:
    """Say stored credentials in the words of the client, which knows nothing of our tables."""
    if credentials is None:
        return None
    if credentials.secret is None:
        return PersonalToken(credentials.token)
    return OAuthToken(credentials.token, credentials.secret)


def redis_client(settings: Settings) -> redis.Redis:
    """A client that never repeats a command by itself: a lost reply must not become a second message or token."""
    if settings.engine.redis_url is None:
        raise NotConfigured("REDIS_URL is not set, and no server of our own was started.")
    return redis.Redis.from_url(
        settings.engine.redis_url.get_secret_value(),
        retry=Retry(NoBackoff(), 0),
        socket_timeout=5.0,
        socket_connect_timeout=2.0,
        health_check_interval=15,
    )
