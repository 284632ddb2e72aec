"""Who am I, and who is that: `/`, `/oauth/identity`, `/users/{username}`."""

from simulator.accounts import Account
from simulator.call import Answer, Call
from simulator.errors import NotAuthenticated, Unprocessable
from simulator.pacific import written
from simulator.paths import encoded
from simulator.shapes import Json, dumped


def show_root(_: Call) -> Answer:
    """Say hello: the cheap probe."""
    return Answer(
        body=dumped(
            {
                "hello": "Welcome to the Discogs API.",
                "api_version": "v2",
                "documentation_url": "http://www.discogs.com/developers/",
                "statistics": {"releases": 39_000_000, "artists": 9_900_000, "labels": 2_300_000},
            }
        )
    )


def show_identity(call: Call) -> Answer:
    """Name the caller's account, also where data routes treat the call as anonymous (contract 2.3)."""
    account = call.caller.account or call.caller.signed_for
    if account is None:
        raise NotAuthenticated
    return Answer(
        body=dumped(
            {
                "id": account.profile.id,
                "username": account.profile.username,
                "resource_url": call.world.user_url(account.profile.username),
                "consumer_name": "Rekkrd (simulated)",
            }
        )
    )


def show_profile(call: Call) -> Answer:
    """Show an account; counts only if public or one's own, the address to its owner alone."""
    return Answer(body=dumped(_profile(call, call.owner)))


def edit_profile(call: Call) -> Answer:
    """Change what an account says about itself."""
    account = call.require_owner()
    currency = call.values.get("curr_abbr")
    if currency is not None and currency not in CURRENCIES:
        raise Unprocessable(f"Invalid curr_abbr: expected one of {', '.join(CURRENCIES)}")
    account.profile.currency = currency or account.profile.currency
    account.profile.location = str(call.values.get("location", account.profile.location))
    call.world.changes += 1
    return Answer(body=dumped(_profile(call, account)))


CURRENCIES = ("USD", "GBP", "EUR", "CAD", "AUD", "JPY", "CHF", "MXN", "BRL", "NZD", "SEK", "ZAR")


def _profile(call: Call, account: Account) -> Json:
    profile, url = account.profile, call.world.user_url(account.profile.username)
    shape: Json = {
        "id": profile.id,
        "resource_url": url,
        "uri": f"https://www.discogs.com/user/{encoded(profile.username)}",
        "username": profile.username,
        "name": profile.username.replace("_", " ").title(),
        "home_page": "",
        "location": profile.location,
        "profile": "",
        "registered": written(profile.registered),
        "rank": 0.0,
        "num_pending": 0,
        "num_for_sale": 0,
        "num_lists": 0,
        "releases_contributed": 0,
        "releases_rated": sum(1 for each in account.instances.values() if each.rating),
        "rating_avg": 0.0,
        "inventory_url": f"{url}/inventory",
        "collection_folders_url": f"{url}/collection/folders",
        "collection_fields_url": f"{url}/collection/fields",
        "wantlist_url": f"{url}/wants",
        "avatar_url": "",
        "curr_abbr": profile.currency,
        "activated": True,
        "marketplace_suspended": False,
        "banner_url": "",
        "buyer_rating": 0.0,
        "buyer_rating_stars": 0.0,
        "buyer_num_ratings": 0,
        "seller_rating": 0.0,
        "seller_rating_stars": 0.0,
        "seller_num_ratings": 0,
        "is_staff": False,
    }
    if call.is_owner or not profile.is_private:
        shape |= {"num_collection": account.count(0), "num_wantlist": len(account.wants)}
    if call.is_owner:
        shape |= {"email": f"{profile.username}@example.org", "num_unread": 0}
    return shape
