"""What each tier has, for an app that shows them side by side."""

from fastapi import APIRouter

from api.access import Program
from api.answers import errors
from api.models.tiers import FeatureOut, TierList
from services.tiers import comparison

router = APIRouter(prefix="/api/tiers", tags=["usage"])


@router.get("", summary="Compare the tiers", response_description="Every feature, and who has it.", responses=errors())
def show(_: Program) -> TierList:
    """The one table that doors and jobs go by. What a tier lacks is answered 403 with the reason `tier_too_low`."""
    return TierList(
        features=[
            FeatureOut(name=feature, words=offer.words, least=offer.least, tiers=has)
            for feature, offer, has in comparison()
        ]
    )
