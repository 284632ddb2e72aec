"""Discogs offline: a real HTTP server for demo, development and tests."""

from simulator.main import CannotListen, Simulator, running, serve
from simulator.settings import SimulatorSettings

__all__ = ["CannotListen", "Simulator", "SimulatorSettings", "running", "serve"]
