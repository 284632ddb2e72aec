"""The parts of which a simulated Discogs consists, as they stand now."""

from simulator.faults import Faults
from simulator.handshake import Handshakes
from simulator.limit import RollingLimit
from simulator.log import Log
from simulator.settings import SimulatorSettings
from simulator.world import World


class Apparatus:
    """What answers come out of, and what an admin looks into and sets."""

    def __init__(self, settings: SimulatorSettings, world: World) -> None:
        self.settings = settings
        self.world = world
        self.log = Log(settings.log)
        self.faults = Faults()
        self.handshakes = Handshakes(settings.request_token_seconds)
        self.limit = RollingLimit(
            authenticated=settings.limit,
            anonymous=settings.limit_without_credentials,
            window_seconds=settings.window_seconds,
        )
