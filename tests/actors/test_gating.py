"""Who may have what: the plan's three tiers, at the doors and in each step."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

import actors
from actors.catalog import IMPORT_COLLECTION, PUSH_COLLECTION
from actors.gating import gated, lack, refusal_of
from services.tiers import Feature, Tier, comparison, tier_of
from workers.errors import JobFailed
from workers.kinds import Job

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOCS = Path(actors.__file__).parents[1] / "docs" / "http.md"


def test_a_tier_has_what_the_tiers_below_it_have():
    for feature in Feature:
        had = [lack(tier, feature) is None for tier in Tier]
        assert had == sorted(had), feature
        assert had[-1], feature


@pytest.mark.parametrize(
    ("tier", "feature", "has"),
    [
        ("collector", Feature.NEWEST, True),
        ("collector", Feature.PRICES, True),
        ("collector", Feature.WHOLE, False),
        ("collector", Feature.SYNC, False),
        ("curator", Feature.WHOLE, True),
        ("curator", Feature.SYNC, True),
        ("curator", Feature.ALERTS, False),
        ("curator", Feature.NIGHTLY, False),
        ("curator", Feature.INSIGHTS, False),
        ("archivist", Feature.ALERTS, True),
        ("archivist", Feature.NIGHTLY, True),
        ("archivist", Feature.INSIGHTS, True),
    ],
)
def test_each_tier_has_what_the_plan_sells(tier, feature, has):
    assert (lack(tier, feature) is None) is has


def test_a_tier_that_nobody_sells_is_the_least():
    assert tier_of("platinum") is Tier.COLLECTOR


def test_the_refusal_names_what_is_lacking_and_the_tier_that_has_it():
    refusal = lack("collector", Feature.ALERTS)
    assert str(refusal) == "Price alerts by e-mail: that begins with the Archivist tier, and this is Collector."
    assert refusal.next_step == "Upgrade to Archivist."


def test_an_import_is_everybodys():
    assert refusal_of("collector", IMPORT_COLLECTION) is None


def test_a_step_of_somebody_whose_tier_ended_fails_before_it_asks_discogs():
    asked = []
    job = gated(Job(PUSH_COLLECTION, asked.append, lambda *_: None))
    step = SimpleNamespace(account=SimpleNamespace(tier="collector", paused_reason=None))
    with pytest.raises(JobFailed, match=r"Curator tier, and this is Collector\. Upgrade to Curator\.") as failed:
        job.fetch(step)
    assert (failed.value.error_class, asked) == ("TierTooLow", [])
    step.account.tier = "curator"
    job.fetch(step)
    assert asked == [step]


def test_the_documents_table_is_the_table_of_the_code():
    section = DOCS.read_text().split("\n## Tiers\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (yes)? ?\| (yes)? ?\| (yes)? ?\|$", section, re.MULTILINE)
    told = [(words, tuple(cell == "yes" for cell in cells)) for words, *cells in rows]
    assert told == [(offer.words, tuple(has.values())) for _, offer, has in comparison()]
