"""A suspect has the process to itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread

from workers.solo import Solo


def test_ordinary_steps_run_beside_each_other() -> None:
    solo, inside = Solo(patience=30), Event()

    def second() -> None:
        with solo.beside_others():
            inside.set()

    with solo.beside_others():
        thread = Thread(target=second)
        thread.start()
        assert inside.wait(5)
        thread.join()


def test_a_suspect_waits_for_the_others_and_keeps_them_out() -> None:
    solo, order = Solo(patience=30), []
    suspect_is_in, suspect_may_go = Event(), Event()

    def suspect() -> None:
        with solo.alone():
            order.append("suspect")
            suspect_is_in.set()
            suspect_may_go.wait(5)

    def ordinary() -> None:
        with solo.beside_others():
            order.append("ordinary")

    with solo.beside_others():
        alone = Thread(target=suspect)
        alone.start()
        assert not suspect_is_in.wait(0.05)
    assert suspect_is_in.wait(5)
    beside = Thread(target=ordinary)
    beside.start()
    beside.join(0.05)
    assert order == ["suspect"]
    suspect_may_go.set()
    alone.join(5)
    beside.join(5)
    assert order == ["suspect", "ordinary"]


def test_a_suspect_that_hangs_is_waited_for_no_longer_than_its_lease() -> None:
    solo, may_go = Solo(patience=0.2), Event()
    suspect, ordinary, another = entering(solo.alone, may_go), Event(), Event()
    assert suspect.wait(5)
    Thread(target=lambda: enter(solo.beside_others, ordinary), daemon=True).start()
    assert ordinary.wait(5)
    Thread(target=lambda: enter(solo.alone, another), daemon=True).start()
    assert another.wait(5)
    may_go.set()


def test_a_step_that_hangs_keeps_no_suspect_from_its_try() -> None:
    solo, may_go = Solo(patience=0.2), Event()
    hanging, suspect = entering(solo.beside_others, may_go), Event()
    assert hanging.wait(5)
    Thread(target=lambda: enter(solo.alone, suspect), daemon=True).start()
    assert suspect.wait(5)
    may_go.set()


def test_one_that_comes_back_late_lets_nobody_in_beside_the_suspect_of_now() -> None:
    solo, first_may_go, second_may_go = Solo(patience=0.5), Event(), Event()
    late = entering(solo.alone, first_may_go)
    assert late.wait(5)
    second = entering(solo.alone, second_may_go)
    assert second.wait(5)
    first_may_go.set()
    ordinary = Event()
    Thread(target=lambda: enter(solo.beside_others, ordinary), daemon=True).start()
    assert not ordinary.wait(0.1)
    second_may_go.set()
    assert ordinary.wait(5)


def enter(side: Callable[[], AbstractContextManager[None]], inside: Event, may_go: Event | None = None) -> None:
    with side():
        inside.set()
        if may_go is not None:
            may_go.wait(10)


def entering(side: Callable[[], AbstractContextManager[None]], may_go: Event) -> Event:
    """Enter in a thread that stays inside until it may go."""
    inside = Event()
    Thread(target=enter, args=(side, inside, may_go), daemon=True).start()
    return inside
