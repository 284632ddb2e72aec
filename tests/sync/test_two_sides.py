"""Random histories of a collection and of a wantlist on both sides, against an oracle; a failing one is shortened."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from simulator.main import new_service, running
from simulator.settings import SimulatorSettings
from tests.sync.moves import COLLECTION, Hand, Move, Vocabulary, history
from tests.sync.wants import WORDS, WantsHand, WantsOracle, WantsWorld
from tests.sync.world import World

HISTORIES = int(os.environ.get("HISTORIES", "500"))  # in a soak, of each list; more of them look for what is rarer
SHORT, SHORT_OF_WANTS, OVER_HTTP = 28, 12, 10  # in `make test`
FIRST_OVER_HTTP = 1_000_000
ALIKE = 40  # characters
ANSWERS = ("ours", "theirs", "ask")
QUIET = SimulatorSettings(port=0, records=0, wants=0, limit=1_000_000)


@dataclass(frozen=True, slots=True)
class List:
    """One of the two lists: its world, its hand, and the words for what can happen to it."""

    world: type[World]
    hand: Callable[[World], Hand]
    words: Vocabulary


RECORDS = List(World, Hand, COLLECTION)
WANTS = List(WantsWorld, lambda world: WantsHand(world, WantsOracle(world)), WORDS)


def play(conn, of: List, seed: int, moves: Sequence[Move], *, over_http: bool) -> None:
    """Let it all happen to a new account, and look whether everything is as it must be."""
    if over_http:
        with running(QUIET) as simulator:
            _play(conn, of, of.world(conn, simulator.service, seed), seed, moves, simulator.url)
    else:
        _play(conn, of, of.world(conn, new_service(QUIET), seed), seed, moves, None)


def _play(conn, of: List, world: World, seed: int, moves: Sequence[Move], url: str | None) -> None:
    with world.connected(url):
        hand = of.hand(world)
        hand.start()
        for move in moves:
            hand.do(move)
        hand.rest(ANSWERS[seed % len(ANSWERS)])
    conn.execute("DELETE FROM public.profiles WHERE id = %s", [world.user_id])


def complaint(conn, of: List, seed: int, moves: Sequence[Move], *, over_http: bool = False) -> str | None:
    """Say what is wrong with a history, None if nothing is."""
    try:
        play(conn, of, seed, moves, over_http=over_http)
    except Exception as error:  # noqa: BLE001  whatever a history ends in is told with its seed
        return f"{type(error).__name__}: {error}"
    return None


def shortened(conn, of: List, seed: int, moves: Sequence[Move], said: str, *, over_http: bool = False) -> list[Move]:
    """Leave out moves, one after the other, as long as what is left goes wrong in like words."""
    left, alike = list(moves), said[:ALIKE]
    for place in reversed(range(len(moves))):
        without = left[:place] + left[place + 1 :]
        if (complaint(conn, of, seed, without, over_http=over_http) or "")[:ALIKE] == alike:
            left = without
    return left


def check(conn, of: List, seed: int, test: str, *, over_http: bool = False) -> None:
    """Play a history; of one that goes wrong say how, by which few moves, and how to play it again."""
    moves = history(seed + FIRST_OVER_HTTP if over_http else seed, of.words)
    said = complaint(conn, of, seed, moves, over_http=over_http)
    if said is None:
        return
    few = shortened(conn, of, seed, moves, said, over_http=over_http)
    why = complaint(conn, of, seed, few, over_http=over_http)
    lines = "\n".join(f"  {move}" for move in few)
    again = f"HISTORIES={seed + 1} .venv/bin/pytest 'tests/sync/test_two_sides.py::{test}'"
    pytest.fail(f"history {seed}: {said}\nshortened ({why}):\n{lines}\nagain: {again}", pytrace=False)


def seeds(short: int) -> list[object]:
    of_soak = pytest.mark.soak
    return [pytest.param(one, marks=() if one < short else of_soak, id=f"seed{one}") for one in range(HISTORIES)]


@pytest.mark.parametrize("seed", seeds(SHORT))
def test_both_sides_agree_or_differ_in_an_open_conflict_and_nothing_was_lost(conn, seed, request):
    check(conn, RECORDS, seed, request.node.name)


@pytest.mark.parametrize("seed", seeds(SHORT_OF_WANTS))
def test_wants_agree_or_differ_in_an_open_conflict_and_nothing_was_lost(conn, seed, request):
    check(conn, WANTS, seed, request.node.name)


@pytest.mark.parametrize("seed", range(OVER_HTTP))
def test_the_same_over_real_http(conn, seed, request):
    check(conn, WANTS if seed % 5 == 0 else RECORDS, seed, request.node.name, over_http=True)
