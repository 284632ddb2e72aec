"""The tiers over the wire."""

from collections.abc import Mapping

from pydantic import Field

from api.models import Model
from services.tiers import Feature, Tier


class FeatureOut(Model):
    """One thing that a tier has or not."""

    name: Feature
    words: str = Field(description="For a person.", examples=["Sync both ways"])
    least: Tier = Field(description="The least tier that has it.")
    tiers: Mapping[Tier, bool] = Field(description="Who has it.")


class TierList(Model):
    """Every feature, the least first."""

    features: list[FeatureOut]
