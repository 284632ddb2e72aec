"""A suspect has the process to itself."""

from threading import Event, Thread

from workers.solo import Solo


def test_ordinary_steps_run_beside_each_other() -> None:
    solo, inside = Solo(), Event()

    def second() -> None:
        with solo.beside_others():
            inside.set()

    with solo.beside_others():
        thread = Thread(target=second)
        thread.start()
        assert inside.wait(5)
        thread.join()


def test_a_suspect_waits_for_the_others_and_keeps_them_out() -> None:
    solo, order = Solo(), []
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
