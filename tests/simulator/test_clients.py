"""Clients that we did not write use the simulator as if it were Discogs."""

import re

import discogs_client
import httpx
import pytest
from discogs_sdk import Discogs
from discogs_sdk.oauth import get_access_token, get_request_token

KEY, SECRET = "key-of-the-tests", "secret-of-the-tests"


def pointed(client, discogs):
    """Point a python3-discogs-client at the simulator."""
    client._base_url = discogs.url
    client._request_token_url = f"{discogs.url}/oauth/request_token"
    client._authorize_url = f"{discogs.url}/oauth/authorize"
    client._access_token_url = f"{discogs.url}/oauth/access_token"
    return client


def allow(discogs, url, username="ada"):
    """Allow access as a person would, and return the code that is shown."""
    with httpx.Client(verify=False) as browser:
        token = httpx.URL(url).params["oauth_token"]
        form = {"oauth_token": token, "decision": "allow", "username": username}
        page = browser.post(f"{discogs.url}/oauth/authorize", data=form)
        return re.search(r"class=code>(\w+)<", page.text)[1]


@pytest.fixture(params=["personal token", "OAuth"])
def joalla(request, discogs, owner):
    if request.param == "personal token":
        token = owner.profile.personal_token
        return pointed(discogs_client.Client("RekkrdTests/1.0", user_token=token), discogs)
    client = pointed(discogs_client.Client("RekkrdTests/1.0", KEY, SECRET), discogs)
    _, _, url = client.get_authorize_url("oob")
    client.get_access_token(allow(discogs, url))
    return client


@pytest.fixture(params=["personal token", "OAuth"])
def sdk(request, discogs, owner):
    if request.param == "personal token":
        given = {"token": owner.profile.personal_token}
    else:
        asked = get_request_token(KEY, SECRET, base_url=discogs.url)
        got = get_access_token(
            KEY,
            SECRET,
            asked.oauth_token,
            asked.oauth_token_secret,
            allow(discogs, asked.authorize_url),
            base_url=discogs.url,
        )
        given = {
            "consumer_key": KEY,
            "consumer_secret": SECRET,
            "access_token": got.oauth_token,
            "access_token_secret": got.oauth_token_secret,
        }
    with Discogs(base_url=discogs.url, **given) as client:
        yield client


def test_python3_discogs_client_walks_everything(joalla, owner):
    me = joalla.identity()
    assert me.username == "ada"
    releases = me.collection_folders[0].releases
    releases.per_page = 100
    assert sorted(each.instance_id for each in releases) == sorted(owner.instances)
    assert sorted(each.id for each in me.wantlist) == sorted(owner.wants)
    assert me.num_collection == 230
    assert me.collection_value.median.startswith("€")


def test_python3_discogs_client_adds_moves_and_deletes(joalla, owner):
    me = joalla.identity()
    me.collection_folders[1].add_release(5_000_000)
    copy = next(iter(me.collection_items(5_000_000)))
    assert owner.instances[copy.instance_id].folder_id == 1
    me.collection_folders[1].move_release(copy, 2)
    assert owner.instances[copy.instance_id].folder_id == 2
    me.collection_folders[2].remove_release(copy)
    assert owner.copies(5_000_000) == []


def test_python3_discogs_client_edits_the_wantlist(joalla, owner):
    me = joalla.identity()
    me.wantlist.add(5_000_000, notes="only the German press", rating=4)
    wish = next(each for each in me.wantlist if each.id == 5_000_000)
    wish.rating = 2
    wish.save()
    assert (owner.wants[5_000_000].rating, owner.wants[5_000_000].notes) == (2, "only the German press")
    me.wantlist.remove(5_000_000)
    assert 5_000_000 not in owner.wants


def test_python3_discogs_client_reads_the_catalogue(joalla, discogs):
    release = joalla.release(5_000_001)
    assert release.title == discogs.world.catalogue.release(5_000_001).title
    assert release.price_suggestions.mint.currency == "EUR"
    assert release.marketplace_stats.num_for_sale == discogs.world.catalogue.release(5_000_001).for_sale
    assert joalla.master(2_250_000).main_release.title
    assert joalla.search("velvet", type="release").count > 0


def test_discogs_sdk_walks_everything(sdk, owner):
    assert sdk.user.identity().username == "ada"
    collection = sdk.users.get("ada").collection
    found = [each.instance_id for each in collection.folders.get(0).releases.list(per_page=100)]
    assert sorted(found) == sorted(owner.instances)
    assert sorted(each.id for each in sdk.users.get("ada").wantlist.list()) == sorted(owner.wants)
    assert [each.id for each in collection.fields.list()] == list(owner.fields)
    assert [each.id for each in collection.folders.list()] == list(owner.folders)


def test_discogs_sdk_adds_rates_moves_edits_and_deletes(sdk, owner):
    folders = sdk.users.get("ada").collection.folders
    target = folders.create(name="New").id
    made = folders.get(1).releases.create(release_id=5_000_000).instance_id
    folders.get(1).releases.get(5_000_000).instances.update(made, rating=5, folder_id=target)
    instances = folders.get(target).releases.get(5_000_000).instances
    instances.get(made).fields.update(1, value="Mint (M)")
    copy = owner.instances[made]
    assert (copy.rating, copy.folder_id, copy.notes) == (5, target, {1: "Mint (M)"})
    instances.delete(made)
    assert folders.update(target, name="Newer").name == "Newer"
    folders.delete(target)
    assert made not in owner.instances
    assert target not in owner.folders


def test_discogs_sdk_edits_the_wantlist(sdk, owner):
    wishes = sdk.users.get("ada").wantlist
    wishes.create(release_id=5_000_000)
    assert wishes.update(5_000_000, notes="soon", rating=3).rating == 3
    assert owner.wants[5_000_000].notes == "soon"
    wishes.delete(5_000_000)
    assert 5_000_000 not in owner.wants
