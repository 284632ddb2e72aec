"""The simulated Discogs of `rekkrd up`, for as long as no credentials for the real one are set."""

import os

from cli import ports
from cli.children import Family, ours
from cli.place import Place
from simulator.settings import SimulatorSettings
from workers.settings import Settings

DEMO_ACCOUNT = "demo_collector"


def is_wanted(chosen: Settings) -> bool:
    """Whether nothing says which Discogs to speak to: no credentials, and no address of another server."""
    discogs = chosen.discogs
    has_credentials = discogs.consumer_key or discogs.consumer_secret or discogs.personal_token
    return not has_credentials and "api_url" not in discogs.model_fields_set


def bring(family: Family, place: Place, chosen: Settings, simulated: SimulatorSettings) -> dict[str, str]:
    """Start the simulator and return what its clients need to know. Raises PortTaken, ProcessEnded.

    It counts in the window that we keep to, so that a shortened one stays a fair game.
    """
    ports.require_free(simulated.host, simulated.port, "REKKRD_SIMULATOR_PORT", "The simulator")
    url = f"http://{simulated.host}:{simulated.port}"
    own = {
        "REKKRD_SIMULATOR_HOST": simulated.host,
        "REKKRD_SIMULATOR_PORT": str(simulated.port),
        "REKKRD_SIMULATOR_USERNAME": DEMO_ACCOUNT,
        "REKKRD_SIMULATOR_RECORDS": str(simulated.records),
        "REKKRD_SIMULATOR_WINDOW_SECONDS": f"{chosen.limiter.window_seconds:g}",
        "REKKRD_SIMULATOR_STATE": str(simulated.state or place.folder / "simulator.state"),
    }
    family.start("simulator", ours("simulator"), {**os.environ, **own}, lambda: ports.answers(url))
    return {
        "DISCOGS_API_URL": url,
        "DISCOGS_AUTHORIZE_URL": f"{url}/oauth/authorize",
        "DISCOGS_CONSUMER_KEY": simulated.consumer_key,
        "DISCOGS_CONSUMER_SECRET": simulated.consumer_secret.get_secret_value(),
    }
