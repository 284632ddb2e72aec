"""The real script beside its plain rules, in virtual time, whatever happens to the fleet."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from workers.limiter.lanes import Lane

NUMBERS = st.integers(0, 3)


class FleetLives(RuleBasedStateMachine):
    """Each call is compared with the rules inside the fleet; here is what happens to it, and what must hold."""

    def __init__(self, new_fleet):
        super().__init__()
        self.fleet = new_fleet()
        self.processes = [self.fleet.start_process() for _ in range(3)]

    def process(self, number):
        return self.processes[number % len(self.processes)]

    @rule(
        number=NUMBERS,
        lane=st.sampled_from(Lane),
        user=st.sampled_from("abc"),
        count=st.integers(1, 12),
        sends_after=st.sampled_from([0.0, 0.3, 0.9, 1.0, 1.2, 2.5]),
        answers_after=st.sampled_from([0.0, 0.2, 1.5, 6.0]),
        is_sent=st.sampled_from([True, True, True, False]),
    )
    def arrive(self, number, lane, user, count, **becomes):
        for _ in range(count):
            self.fleet.arrive(self.process(number), lane, user, **becomes)

    @rule(number=NUMBERS)
    def give_up(self, number):
        process = self.process(number)
        for waiter in list(process.waiters.values())[:1]:
            self.fleet.leave(process, waiter)

    @rule(seconds=st.sampled_from([0.01, 0.7, 2.0, 5.0]))
    def live_a_moment(self, seconds):
        self.fleet.run(seconds)

    @rule(number=NUMBERS, lane=st.sampled_from(Lane), answers_after=st.sampled_from([0.0, 1.5]))
    def live_busily(self, number, lane, answers_after):
        for user in "abcd":
            self.fleet.arrive(self.process(number), lane, user, sends_after=0.5, answers_after=answers_after)
        self.fleet.run(14.0)

    @rule(number=NUMBERS)
    def die(self, number):
        self.process(number).is_alive = False
        self.processes[number % len(self.processes)] = self.fleet.start_process()

    @rule(number=NUMBERS, seconds=st.sampled_from([0.5, 1.8, 3.0, 9.0]))
    def freeze(self, number, seconds):
        self.process(number).frozen_until = self.fleet.time + seconds

    @rule(number=NUMBERS)
    def lose_a_reply(self, number):
        self.process(number).loses_reply = True

    @rule()
    def flush(self):
        self.fleet.flush()

    @rule()
    def restart_redis(self):
        self.fleet.restart_redis()

    @rule(seconds=st.sampled_from([-3600.0, -1.5, 1.5, 3600.0]))
    def jump(self, seconds):
        self.fleet.jump(seconds)

    @precondition(lambda self: len(self.fleet.next_statuses) < 2)
    @rule()
    def throttle(self):
        self.fleet.next_statuses.append(429)

    @rule(number=NUMBERS, seconds=st.sampled_from([0.5, 4.0]))
    def close_gate(self, number, seconds):
        self.fleet.close_gate(self.process(number), seconds)

    @rule(number=NUMBERS, share=st.sampled_from([0.0, 0.4, 0.9]), seconds=st.sampled_from([0.0, 3.0, 15.0]))
    def brake(self, number, share, seconds):
        self.fleet.brake(self.process(number), share, seconds)

    def teardown(self):
        """Left in peace, nobody who lives is forgotten, and what may be used is used."""
        self.fleet.next_statuses.clear()
        witness = self.fleet.start_process()  # an hour that nobody lived through is two seconds
        for _ in range(120):  # longer than any gate, brake, freeze or deadline of these rules
            self.fleet.run(1.0)
            self.fleet.look(witness)
        waiting = sum(len(one.waiters) for one in self.fleet.living())
        self.fleet.run(2.1 * waiting + 20.0)
        assert not [one for process in self.fleet.living() for one in process.waiters], "starved"
        for number in range(30):
            self.fleet.arrive(self.process(number), list(Lane)[number % 3], "abc"[number % 3], answers_after=0.0)
        before = len(self.fleet.granted)
        self.fleet.run(44.0)  # a cold start may still come first
        assert len(self.fleet.granted) - before >= 20, "busy for four windows"

    @invariant()
    def no_window_of_the_server_holds_more_than_the_limit(self):
        # A jump ahead counts as 2 s, which is one interval here: it may let one request through too early, and one
        # more at the edge.
        allowed = self.fleet.settings.limit + (len(self.fleet.jumps) + 1 if self.fleet.jumps else 0)
        assert self.fleet.most_in_a_window() <= allowed


@pytest.mark.hypothesis
def test_the_script_keeps_its_rules_whatever_happens(new_fleet):
    run_state_machine_as_test(
        lambda: FleetLives(new_fleet),
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
