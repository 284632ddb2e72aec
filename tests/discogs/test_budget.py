"""The budget that never says no."""

from discogs.budget import Budget, Unlimited


def test_it_is_a_budget_like_any_other():
    budget: Budget = Unlimited()
    with budget.permit("GET /oauth/identity") as permit:
        permit.check()
        permit.answered(200, None, None)
