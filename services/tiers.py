"""Features of each tier of the app: one table for API, CLI, jobs and documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """What the app sells, the least first (plan 25.1)."""

    COLLECTOR = "collector"
    CURATOR = "curator"
    ARCHIVIST = "archivist"

    def has(self, feature: "Feature") -> bool:
        """Whether this tier, or one below it, brings the feature."""
        tiers = list(Tier)
        return tiers.index(self) >= tiers.index(OFFERS[feature].least)


class Feature(StrEnum):
    """What a tier may have or not."""

    NEWEST = "newest"
    PRICES = "prices"
    WHOLE = "whole"
    SYNC = "sync"
    VALUE = "value"
    NIGHTLY = "nightly"
    ALERTS = "alerts"
    INSIGHTS = "insights"


@dataclass(frozen=True, slots=True)
class Offer:
    """A feature in words, and the least tier that has it."""

    words: str
    least: Tier


OFFERS: Mapping[Feature, Offer] = {
    Feature.NEWEST: Offer("The 50 newest records and wants", Tier.COLLECTOR),
    Feature.PRICES: Offer("What a record is worth by grade, and its offers", Tier.COLLECTOR),
    Feature.WHOLE: Offer("The whole collection and wantlist", Tier.CURATOR),
    Feature.SYNC: Offer("Sync both ways", Tier.CURATOR),
    Feature.VALUE: Offer("What the collection is worth", Tier.CURATOR),
    Feature.NIGHTLY: Offer("Sync every night by itself", Tier.ARCHIVIST),
    Feature.ALERTS: Offer("Price alerts by e-mail", Tier.ARCHIVIST),
    Feature.INSIGHTS: Offer("Value over time, and where it comes from", Tier.ARCHIVIST),
}


def tier_of(name: str) -> Tier:
    """Return the tier that the app's view names; a name that we do not sell is the least one."""
    return Tier(name) if name in list(Tier) else Tier.COLLECTOR


def tiers_with(feature: Feature) -> list[str]:
    """Return the tiers that have the feature, by the names in the app's view."""
    return [str(tier) for tier in Tier if tier.has(feature)]


def comparison() -> Sequence[tuple[Feature, Offer, Mapping[Tier, bool]]]:
    """Return every feature with who has it, for whoever shows the tiers side by side."""
    return [(feature, offer, {tier: tier.has(feature) for tier in Tier}) for feature, offer in OFFERS.items()]
