"""Watched sellers over HTTP: a collector names a shop, and it is read from then on."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status

from actors.market.sellers import watch
from api.access import Speaker
from api.answers import ResourcesNow, errors
from api.errors import ApiError, Code
from api.models.sellers import SellerBody, SellerName, SellerOut, SellersOut
from db import sellers, users

router = APIRouter(prefix="/api/discogs/sellers", tags=["prices"])


@router.post(
    "",
    summary="Watch a seller",
    status_code=status.HTTP_201_CREATED,
    response_description="The seller, new.",
    responses={
        200: {"model": SellerOut, "description": "The user watches this seller already."},
        **errors(Code.NOT_FOUND, Code.CONFLICT),
    },
)
def add(user_id: Speaker, resources: ResourcesNow, body: SellerBody, response: Response) -> SellerOut:
    """Watch a seller's shop. Every tier may; nobody watches more than 20.

    The shop is read within minutes, as far as the budget allows, once for all who watch it.
    """
    with resources.pool.transaction() as conn:
        watched, is_new = watch(conn, user_id, body.seller)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return SellerOut.of(watched)


@router.get(
    "",
    summary="List watched sellers",
    response_description="All of them, the first one first.",
    responses=errors(Code.NOT_FOUND),
)
def show(user_id: Speaker, resources: ResourcesNow) -> SellersOut:
    """Each with how its shop stands, in words. Asks Discogs nothing."""
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        found = sellers.watched(conn, user_id)
    return SellersOut(sellers=[SellerOut.of(one) for one in found])


@router.delete(
    "/{seller}",
    summary="Watch a seller no more",
    status_code=status.HTTP_204_NO_CONTENT,
    response_description="The user watches this seller no more.",
    responses=errors(Code.NOT_FOUND),
)
def remove(user_id: Speaker, resources: ResourcesNow, seller: Annotated[SellerName, Path()]) -> None:
    """What is known of a shop that nobody watches any more is forgotten."""
    with resources.pool.transaction() as conn:
        if not sellers.unwatch(conn, user_id, seller):
            raise ApiError(
                Code.NOT_FOUND,
                "The user watches no such seller.",
                "GET /api/discogs/sellers lists those that they watch.",
            )
