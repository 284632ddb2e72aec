"""A storm's plan comes from its seed alone, and nothing is left out."""

from tests.storm.weather import Kind, forecast, told


def test_the_same_seed_plans_the_same_storm_and_another_one_another():
    assert forecast(7, 60.0, 1.0) == forecast(7, 60.0, 1.0)
    assert forecast(7, 60.0, 1.0) != forecast(8, 60.0, 1.0)


def test_every_kind_strikes_at_least_once_and_all_inside_the_storm():
    for seed in range(1, 21):
        for seconds in (20.0, 60.0):
            blows = forecast(seed, seconds, 1.0)
            assert {blow.kind for blow in blows} == set(Kind)
            assert [blow.at for blow in blows] == sorted(blow.at for blow in blows)
            assert blows[0].at >= 2.0
            assert blows[-1].at <= seconds


def test_a_plan_is_told_in_one_line_a_kind():
    assert len(told(forecast(7, 60.0, 1.0))) == len(Kind)
