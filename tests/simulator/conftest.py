"""A running simulator for each module, and a cast: the owner, a stranger, nobody."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from requests_oauthlib import OAuth1Session

import simulator
from simulator.accounts import Account
from simulator.main import Simulator
from simulator.settings import SimulatorSettings

KEY, SECRET = "key-of-the-tests", "secret-of-the-tests"
Client = Any


@pytest.fixture
def settings() -> Callable[..., SimulatorSettings]:
    """Settings without demo account, without limit worth the name, on a free port."""

    def make(**given: Any) -> SimulatorSettings:
        usual = {"port": 0, "records": 0, "wants": 0, "limit": 100_000, "consumer_key": KEY, "consumer_secret": SECRET}
        return SimulatorSettings(**(usual | given))

    return make


@pytest.fixture
def discogs(settings: Callable[..., SimulatorSettings]) -> Iterator[Simulator]:
    with simulator.running(settings()) as running:
        yield running


@pytest.fixture
def owner(discogs: Simulator) -> Account:
    return discogs.world.create_account("ada", records=230, wants=40, seed=11, currency="EUR", has_seller_settings=True)


@pytest.fixture
def stranger(discogs: Simulator) -> Account:
    return discogs.world.create_account("zoe", records=3, wants=1, seed=12)


@pytest.fixture
def client() -> Iterator[Callable[..., httpx.Client]]:
    """Make a client for somebody, by personal token; without account for nobody."""
    made: list[httpx.Client] = []

    def make(discogs: Simulator, account: Account | None = None) -> httpx.Client:
        headers = {"User-Agent": "RekkrdTests/1.0"}
        if account is not None:
            headers["Authorization"] = f"Discogs token={account.profile.personal_token}"
        made.append(httpx.Client(base_url=discogs.url, headers=headers, timeout=20, verify=False))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def signed() -> Iterator[Callable[..., OAuth1Session]]:
    """Make a session that signs with an access token of an account."""
    made: list[OAuth1Session] = []

    def make(discogs: Simulator, account: Account, **more: Any) -> OAuth1Session:
        token, secret = discogs.world.new_access_token(account)
        session = OAuth1Session(
            KEY, client_secret=SECRET, resource_owner_key=token, resource_owner_secret=secret, **more
        )
        session.headers["User-Agent"] = "RekkrdTests/1.0"
        made.append(session)
        return session

    yield make
    for each in made:
        each.close()
