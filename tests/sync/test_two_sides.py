"""Random histories of a collection on both sides, against an oracle; a failing one is shortened and printed."""

import os
from collections.abc import Sequence

import pytest

from simulator.main import new_service, running
from simulator.settings import SimulatorSettings
from tests.sync.moves import Hand, Move, history
from tests.sync.world import World

HISTORIES = int(os.environ.get("HISTORIES", "500"))  # in a soak; more of them look for what is rarer
SHORT, OVER_HTTP = 40, 10  # in `make test`
FIRST_OVER_HTTP = 1_000_000
ALIKE = 12  # characters
ANSWERS = ("ours", "theirs", "ask")
QUIET = SimulatorSettings(port=0, records=0, wants=0, limit=1_000_000)


def play(conn, seed: int, moves: Sequence[Move], *, over_http: bool) -> None:
    """Let it all happen to a new collection, and look whether everything is as it must be."""
    if over_http:
        with running(QUIET) as simulator:
            _play(conn, World(conn, simulator.service, seed), seed, moves, simulator.url)
    else:
        _play(conn, World(conn, new_service(QUIET), seed), seed, moves, None)


def _play(conn, world: World, seed: int, moves: Sequence[Move], url: str | None) -> None:
    with world.connected(url):
        hand = Hand(world)
        hand.start()
        for move in moves:
            hand.do(move)
        hand.rest(ANSWERS[seed % len(ANSWERS)])
    conn.execute("DELETE FROM public.profiles WHERE id = %s", [world.user_id])


def complaint(conn, seed: int, moves: Sequence[Move], *, over_http: bool = False) -> str | None:
    """Say what is wrong with a history, None if nothing is."""
    try:
        play(conn, seed, moves, over_http=over_http)
    except Exception as error:  # noqa: BLE001  whatever a history ends in is told with its seed
        return f"{type(error).__name__}: {error}"
    return None


def shortened(conn, seed: int, moves: Sequence[Move], said: str, *, over_http: bool = False) -> list[Move]:
    """Leave out moves, one after the other, as long as what is left goes wrong in like words."""
    left, alike = list(moves), said[:ALIKE]
    for place in reversed(range(len(moves))):
        without = left[:place] + left[place + 1 :]
        if (complaint(conn, seed, without, over_http=over_http) or "")[:ALIKE] == alike:
            left = without
    return left


def check(conn, seed: int, moves: Sequence[Move], test: str, *, over_http: bool) -> None:
    """Play a history; of one that goes wrong say how, by which few moves, and how to play it again."""
    said = complaint(conn, seed, moves, over_http=over_http)
    if said is None:
        return
    few = shortened(conn, seed, moves, said, over_http=over_http)
    why = complaint(conn, seed, few, over_http=over_http)
    lines = "\n".join(f"  {move}" for move in few)
    again = f"HISTORIES={seed + 1} .venv/bin/pytest 'tests/sync/test_two_sides.py::{test}[seed{seed}]'"
    pytest.fail(f"history {seed}: {said}\nshortened ({why}):\n{lines}\nagain: {again}", pytrace=False)


SEEDS = [
    pytest.param(seed, marks=() if seed < SHORT else pytest.mark.soak, id=f"seed{seed}") for seed in range(HISTORIES)
]


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_agree_or_differ_in_an_open_conflict_and_nothing_was_lost(conn, seed, request):
    check(conn, seed, history(seed), request.node.originalname, over_http=False)


@pytest.mark.parametrize("seed", [pytest.param(seed, id=f"seed{seed}") for seed in range(OVER_HTTP)])
def test_the_same_over_real_http(conn, seed, request):
    check(conn, seed, history(FIRST_OVER_HTTP + seed), request.node.originalname, over_http=True)
