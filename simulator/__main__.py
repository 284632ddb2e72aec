"""`python -m simulator`: every setting is an option."""

import sys

from pydantic_settings import CliApp

from simulator.main import CannotListen, serve
from simulator.settings import SimulatorSettings
from simulator.state import StateUnreadable

if __name__ == "__main__":
    try:
        serve(CliApp.run(SimulatorSettings))
    except (CannotListen, StateUnreadable) as error:
        sys.exit(str(error))
