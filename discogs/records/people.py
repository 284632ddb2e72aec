"""Who somebody is at Discogs."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from discogs.ids import DiscogsUserId
from discogs.records.reading import (
    Json,
    Unreadable,
    claim,
    decimal_or_none,
    moment,
    needed_id,
    number,
    number_or_none,
    text,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are. The number decides: a name can be changed."""

    id: DiscogsUserId
    username: str
    resource_url: str
    consumer_name: str

    @classmethod
    def parse(cls, source: Json) -> "Identity":
        username = text(source, "username")
        if not username:
            raise Unreadable("no username")
        return cls(
            id=DiscogsUserId(needed_id(source, "id")),
            username=username,
            resource_url=text(source, "resource_url"),
            consumer_name=text(source, "consumer_name"),
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's page. The counts are None when they are not for us to see; ``email`` is the owner's alone."""

    id: DiscogsUserId
    username: str
    name: str
    email: str
    profile: str
    location: str
    home_page: str
    registered: datetime | None
    currency: str
    num_collection: int | None
    num_wantlist: int | None
    num_for_sale: int
    num_lists: int
    num_pending: int
    releases_contributed: int
    releases_rated: int
    rank: Decimal | None
    rating_avg: Decimal | None
    buyer_rating: Decimal | None
    buyer_rating_stars: Decimal | None
    buyer_num_ratings: int
    seller_rating: Decimal | None
    seller_rating_stars: Decimal | None
    seller_num_ratings: int
    num_unread: int
    activated: bool
    marketplace_suspended: bool
    is_staff: bool
    uri: str
    resource_url: str
    avatar_url: str
    banner_url: str
    inventory_url: str
    collection_folders_url: str
    collection_fields_url: str
    wantlist_url: str

    @classmethod
    def parse(cls, source: Json) -> "Profile":
        return cls(
            id=DiscogsUserId(needed_id(source, "id")),
            username=text(source, "username"),
            name=text(source, "name"),
            email=text(source, "email"),
            profile=text(source, "profile"),
            location=text(source, "location"),
            home_page=text(source, "home_page"),
            registered=moment(source, "registered"),
            currency=text(source, "curr_abbr"),
            num_collection=number_or_none(source, "num_collection"),
            num_wantlist=number_or_none(source, "num_wantlist"),
            num_for_sale=number(source, "num_for_sale"),
            num_lists=number(source, "num_lists"),
            num_pending=number(source, "num_pending"),
            releases_contributed=number(source, "releases_contributed"),
            releases_rated=number(source, "releases_rated"),
            rank=decimal_or_none(source, "rank"),
            rating_avg=decimal_or_none(source, "rating_avg"),
            buyer_rating=decimal_or_none(source, "buyer_rating"),
            buyer_rating_stars=decimal_or_none(source, "buyer_rating_stars"),
            buyer_num_ratings=number(source, "buyer_num_ratings"),
            seller_rating=decimal_or_none(source, "seller_rating"),
            seller_rating_stars=decimal_or_none(source, "seller_rating_stars"),
            seller_num_ratings=number(source, "seller_num_ratings"),
            num_unread=number(source, "num_unread"),
            activated=claim(source, "activated"),
            marketplace_suspended=claim(source, "marketplace_suspended"),
            is_staff=claim(source, "is_staff"),
            uri=text(source, "uri"),
            resource_url=text(source, "resource_url"),
            avatar_url=text(source, "avatar_url"),
            banner_url=text(source, "banner_url"),
            inventory_url=text(source, "inventory_url"),
            collection_folders_url=text(source, "collection_folders_url"),
            collection_fields_url=text(source, "collection_fields_url"),
            wantlist_url=text(source, "wantlist_url"),
        )
