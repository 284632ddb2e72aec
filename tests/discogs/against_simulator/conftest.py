"""Our client and a simulated Discogs with a cast: ada with her shelf, zoe the stranger, and nobody."""

import pytest

import simulator
from discogs.auth import OAuthToken, PersonalToken
from discogs.client import Discogs, http_client
from simulator import SimulatorSettings


@pytest.fixture
def simulated():
    settings = SimulatorSettings(
        port=0, records=0, wants=0, limit=100_000, consumer_key="our-key", consumer_secret="our-secret"
    )
    with simulator.running(settings) as running:
        yield running


@pytest.fixture
def settings(settings, simulated):
    return settings.model_copy(
        update={"api_url": simulated.url, "authorize_url": f"{simulated.url}/oauth/authorize", "deadline_seconds": 10}
    )


@pytest.fixture
def http(settings):
    with http_client(settings) as http:
        yield http


@pytest.fixture
def speak(http, settings, budget):
    """Make a client for whatever credentials, in the simulator's name for itself and with other settings if asked."""

    def make(credentials=None, **changed) -> Discogs:
        return Discogs(http, settings.model_copy(update=changed), budget, credentials)

    return make


@pytest.fixture
def oauth(simulated):
    """Give out an access token as a hand-shake would."""
    return lambda account: OAuthToken(*simulated.world.new_access_token(account))


@pytest.fixture
def personal():
    return lambda account: PersonalToken(account.profile.personal_token)


@pytest.fixture
def ada(simulated):
    return simulated.world.create_account("ada", records=230, wants=130, seed=11, currency="EUR")


@pytest.fixture
def zoe(simulated):
    return simulated.world.create_account("zoe", records=3, wants=1, seed=12)


@pytest.fixture
def as_ada(speak, oauth, ada):
    return speak(oauth(ada))
