"""An API without any worker beside it keeps Redis at the ledger's word."""

from datetime import UTC, datetime, timedelta

from api.holding import Holding
from db.errors import DatabaseAway
from workers import holds


def brake(opened, share=0.0):
    until = datetime.now(UTC) + timedelta(hours=1)
    holds.brake(opened.pool, opened.limiter, share=share, until=until, reason="tea", by="anna")


def test_an_emptied_redis_gets_the_brake_back(opened):
    brake(opened)
    opened.redis.flushall()
    assert opened.limiter.snapshot().brake is None
    holding = Holding(opened)
    holding.look()
    assert opened.limiter.snapshot().brake.reason == "tea"
    assert (holding.known.brake.closed_by, holding.known.is_database_up) == ("anna", True)


def test_what_was_known_stays_known_while_the_database_is_away(opened, monkeypatch):
    brake(opened, 0.5)
    holding = Holding(opened)
    holding.look()

    def away():
        raise DatabaseAway("gone")

    monkeypatch.setattr(opened.pool, "transaction", away)
    holding.look()
    assert (holding.known.brake.share, holding.known.is_database_up) == (0.5, False)
