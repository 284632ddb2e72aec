"""In whose name: the hand-shake through a consent page, signatures that are really checked, and how each ends."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from discogs.auth import Application, OAuthToken, PersonalToken
from discogs.errors import ApplicationRejected, Gone, Invalid, Unauthorised
from discogs.handshake import OUT_OF_BAND, begin, finish
from discogs.records.search import Query

CALLBACK = "https://rekkrd.example/connected?from=sign%20in"
WORDS = "Sigur Rós & 100% ~*'() +ägætis byrjun/🌙"  # everything that the two encodings write differently


@pytest.fixture
def press(simulated):
    """Press a button of the consent page in a browser of its own; answers the page or the way back."""

    def make(authorize_url, decision, username="ada"):
        with httpx.Client(verify=False) as browser:
            asking = browser.get(authorize_url)
            assert asking.status_code == 200
            token = re.search(r'name="oauth_token" value="(\w+)"', asking.text)[1]
            form = {"oauth_token": token, "username": username, "decision": decision}
            return browser.post(f"{simulated.url}/oauth/authorize", data=form)

    return make


def brought(answer):
    """What the browser brings back to our call-back address."""
    assert answer.headers["location"].startswith(f"{CALLBACK}&")
    return {name: value for name, (value,) in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_who_allows_access_is_who_we_then_are(settings, budget, press, speak, ada, zoe):
    begun = begin(settings, budget, CALLBACK)
    back = brought(press(begun.authorize_url, "allow", "zoe"))
    assert back["oauth_token"] == begun.token
    me = speak(finish(settings, budget, begun, back["oauth_verifier"])).identity()
    assert (me.id, me.username) == (zoe.profile.id, "zoe")
    assert len(budget.told) == 3
    assert {status for status, _, _ in budget.told} == {200}


def test_without_a_way_back_the_collector_copies_a_code(settings, budget, press, speak, ada):
    begun = begin(settings, budget, OUT_OF_BAND)
    code = re.search(r"class=code>(\w+)<", press(begun.authorize_url, "allow").text)[1]
    assert speak(finish(settings, budget, begun, f"  {code}\n")).identity().username == "ada"


def test_access_denied_gives_no_token(settings, budget, press, ada):
    begun = begin(settings, budget, CALLBACK)
    assert brought(press(begun.authorize_url, "deny"))["denied"] == begun.token
    with pytest.raises(Invalid, match="refused"):
        finish(settings, budget, begun, "ANYTHING")


def test_a_hand_shake_that_was_not_answered_is_too_old_or_has_another_code_gives_no_token(
    settings, budget, press, simulated, ada
):
    begun = begin(settings, budget, CALLBACK)
    with pytest.raises(Invalid, match="start again"):
        finish(settings, budget, begun, "NOTASKED")
    waiting = simulated.service.handshakes.waiting(begun.token)
    verifier = brought(press(begun.authorize_url, "allow"))["oauth_verifier"]
    with pytest.raises(Invalid, match="start again"):
        finish(settings, budget, begun, verifier[::-1] + "X")
    with pytest.raises(Invalid, match="start again"):
        finish(settings, budget, replace(begun, secret="another"), verifier)
    waiting.began -= 15 * 60
    with pytest.raises(Invalid, match="15 minutes"):
        finish(settings, budget, begun, verifier)


def test_a_code_is_good_once_and_an_earlier_connection_lasts(settings, budget, press, speak, ada):
    def connect():
        begun = begin(settings, budget, CALLBACK)
        verifier = brought(press(begun.authorize_url, "allow"))["oauth_verifier"]
        return begun, verifier, finish(settings, budget, begun, verifier)

    begun, verifier, first = connect()
    with pytest.raises(Invalid, match="used before"):
        finish(settings, budget, begun, verifier)
    _, _, second = connect()
    assert first != second
    assert [speak(each).identity().username for each in (first, second)] == ["ada", "ada"]


@pytest.mark.parametrize("wrong", [{"consumer_key": "another"}, {"consumer_secret": SecretStr("another")}])
def test_a_wrong_key_or_secret_of_ours_is_our_own_fault(settings, budget, wrong):
    with pytest.raises(ApplicationRejected, match="DISCOGS_CONSUMER_KEY"):
        begin(settings.model_copy(update=wrong), budget, CALLBACK)


def test_signed_requests_are_recognised_whatever_their_query_says(as_ada, ada, simulated):
    for query in (Query(q=WORDS), Query(artist=WORDS, title="%41=%2B&page=7", year="a b+c")):
        as_ada.search(query)
    as_ada.profile("ada")
    as_ada.collection_page("ada", sort_order="asc")
    for change in (lambda: as_ada.profile(WORDS), lambda: as_ada.collection_page("a%2Fda")):
        with pytest.raises(Gone):
            change()
    assert {(each.auth, each.user) for each in simulated.log.arrivals} == {("oauth", "ada")}
    assert as_ada.collection_page("ada").is_owner_view


def test_what_was_searched_for_arrives_byte_for_byte(as_ada, simulated):
    as_ada.search(Query(q=WORDS))
    assert parse_qs(simulated.log.arrivals[-1].query)["q"] == [WORDS]


@pytest.mark.parametrize("wrong", ["the token's secret", "our secret"])
def test_a_bad_signature_is_a_strangers_view_with_200_and_an_identity_that_is_refused(speak, oauth, ada, wrong):
    token = oauth(ada)
    if wrong == "our secret":
        client = speak(token, consumer_secret=SecretStr("another"))
    else:
        client = speak(OAuthToken(token.token, "another"))
    page = client.collection_page("ada")
    assert (len(page.items), page.total_items) == (100, 230)
    assert not page.is_owner_view
    assert {each.folder_id for each in page.items} == {None}
    assert {note.field_id for each in page.items for note in each.notes} <= {1, 2, 3, 7}
    assert [each.id for each in client.folders("ada").items] == [0]
    with pytest.raises(Unauthorised) as caught:
        client.identity()
    assert caught.value.status == 401
    with pytest.raises(Unauthorised):
        client.add_to_collection("ada", 1, 5_000_001)
    assert ada.count(0) == 230


def test_a_personal_token_is_its_owner_until_it_is_taken_back(speak, personal, ada, zoe, simulated):
    client = speak(personal(ada))
    assert client.identity().username == "ada"
    assert client.collection_page("ada").is_owner_view
    assert not client.collection_page("zoe").is_owner_view
    simulated.world.revoked.add(ada.profile.personal_token)
    with pytest.raises(Unauthorised, match="connect it again"):
        client.collection_page("ada")
    with pytest.raises(Unauthorised):
        speak(PersonalToken("invented")).identity()


def test_the_application_by_itself_sees_what_everybody_sees(speak, ada, budget):
    client = speak()
    page = client.collection_page("ada")
    assert page.total_items == 230
    assert not page.is_owner_view
    assert budget.told[-1][2] == 100_000
    assert client.search(Query(q="velvet"), per_page=5).items[0].thumb
    with pytest.raises(Unauthorised):
        client.identity()


def test_without_any_credentials_the_limit_is_the_lower_one(speak, ada, budget):
    client = speak(consumer_key=None, consumer_secret=None)
    assert client.collection_page("ada").total_items == 230
    assert budget.told[-1][2] == 100_000 * 25 // 60
    assert client.search(Query(q="velvet"), per_page=5).items[0].thumb == ""


def test_an_application_with_another_secret_is_rejected_as_a_whole(speak, ada):
    with pytest.raises(ApplicationRejected):
        speak(Application("our-key", "another")).collection_page("ada")


def test_a_private_account_is_open_to_its_owner_alone(speak, as_ada, oauth, ada, zoe):
    ada.profile.is_private = True
    for stranger in (speak(oauth(zoe)), speak()):
        for ask in (stranger.collection_page, stranger.wants_page, stranger.folders, stranger.collection_value):
            with pytest.raises(Unauthorised) as caught:
                ask("ada")
            assert caught.value.status == 403
        assert stranger.profile("ada").num_collection is None
    assert as_ada.collection_page("ada").is_owner_view
    assert as_ada.wants_page("ada").total_items == 130


def test_who_gets_another_name_keeps_number_and_token(as_ada, ada, simulated):
    before = as_ada.identity()
    simulated.break_with(kind="rename", user="ada", new_name="lovelace", times=1)
    with pytest.raises(Gone):
        as_ada.collection_page("ada")
    after = as_ada.identity()
    assert (after.id, after.username) == (before.id, "lovelace")
    assert as_ada.collection_page("lovelace").is_owner_view


@pytest.mark.parametrize("how", ["by its owner", "by a fault"])
def test_a_revoked_token_lets_nobody_in_while_our_own_key_is_good(as_ada, ada, speak, simulated, how):
    """Discogs says the same of a bad key, so the second look, at the application by itself, tells the two apart."""
    if how == "by its owner":
        simulated.world.revoke_all(ada)
    else:
        simulated.break_with(kind="revoked", user="ada")
    for ask in (as_ada.identity, lambda: as_ada.collection_page("ada")):
        with pytest.raises(ApplicationRejected) as caught:
            ask()
        assert caught.value.status == 401
    with pytest.raises(Unauthorised):
        speak().identity()
    with pytest.raises(ApplicationRejected):
        speak(consumer_secret=SecretStr("another")).identity()


def test_a_token_that_counts_as_nobodys_is_a_strangers_view(as_ada, simulated):
    simulated.break_with(kind="anonymous", times=2)
    assert not as_ada.collection_page("ada").is_owner_view
    with pytest.raises(Unauthorised):
        as_ada.identity()
    assert as_ada.collection_page("ada").is_owner_view
