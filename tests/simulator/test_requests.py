"""Names, numbers and headers of any form get an answer, and names come back encoded in links."""

from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.call import Request
from simulator.main import new_service
from simulator.routes import ROUTES, found
from simulator.settings import SimulatorSettings

NAMES = ["mr.dots", "plus+sign", "日本語", "two words", "50%25", "a/b", "что?", "#hash&amp", "Zoë"]
AGENT = {"user-agent": "RekkrdTests/1.0"}


def encoded_fully(text):
    """Percent-encode every byte, as no client has to and every client may."""
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize("encode", [lambda name: quote(name, safe=""), encoded_fully], ids=["usual", "every byte"])
@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_from_the_path_decoded(discogs, client, name, encode):
    account = discogs.world.create_account(name, records=60, wants=3)
    http, path = client(discogs, account), f"/users/{encode(name)}"
    assert http.get(path).json()["username"] == name
    assert http.get("/oauth/identity").json()["username"] == name
    page = http.get(f"{path}/collection/folders/0/releases").json()
    assert len(page["releases"]) == 50
    assert len(http.get(page["pagination"]["urls"]["next"]).json()["releases"]) == 10
    assert http.get(f"/_simulator/accounts/{encode(name)}").json()["username"] == name


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_accounts_of_any_name(discogs, client, name):
    account = discogs.world.create_account(name, records=60, wants=1, is_shop=True)
    http = client(discogs, account)
    profile = http.get("/oauth/identity").json()["resource_url"]
    addresses = [value for key, value in http.get(profile).json().items() if key.endswith("_url") and value]
    addresses.append(http.get(f"{profile}/collection/folders").json()["folders"][1]["resource_url"])
    addresses.append(http.get(f"{profile}/wants").json()["wants"][0]["resource_url"])
    addresses.append(http.get(f"{profile}/inventory").json()["listings"][0]["seller"]["url"])
    assert len(addresses) >= 8
    assert {http.get(each).status_code for each in addresses} == {200}


@pytest.mark.parametrize("name", NAMES)
def test_the_admin_api_opens_accounts_of_any_name(discogs, client, name):
    http = client(discogs)
    assert http.post("/_simulator/accounts", json={"username": name}).status_code == 201
    assert http.get(f"/_simulator/accounts/{quote(name, safe='')}").status_code == 200


@pytest.mark.parametrize("name", ["", " ", " ada", "ada ", "a\nb", "a\x00b"])
def test_names_with_control_characters_or_outer_spaces_fail(discogs, client, name):
    assert client(discogs).post("/_simulator/accounts", json={"username": name}).status_code == 422


def test_an_encoded_slash_stays_in_its_segment():
    route, places = found("/users/a%2Fb/wants/")
    assert (route.name, places) == ("wants", {"username": "a/b"})
    assert found("/users%2Fada") is None


def test_faults_and_log_know_encoded_names(discogs, client):
    account = discogs.world.create_account("日本語", records=1)
    discogs.break_with(kind="error", status=503, user="日本語", times=1)
    http = client(discogs)
    assert [http.get("/users/%E6%97%A5%E6%9C%AC%E8%AA%9E").status_code for _ in range(2)] == [503, 200]
    client(discogs, account).get("/oauth/identity")
    assert discogs.log.arrivals[-1].user == "日本語"


@pytest.mark.parametrize(
    ("header", "is_compressed"),
    [("gzip", True), ("GZIP", True), ("br, gzip;q=0.5", True), ("*", True), ("gzip;q=0", False), ("identity", False)],
)
def test_accept_encoding_is_read_with_its_weights(discogs, owner, client, header, is_compressed):
    got = client(discogs, owner).get("/users/ada/collection/folders/0/releases", headers={"Accept-Encoding": header})
    assert ("content-encoding" in got.headers) is is_compressed


@pytest.mark.parametrize(
    "value", ["Discogs token={}", 'discogs  Token="{}"', "Discogs token = {}", "Discogs token=%61{}"]
)
def test_a_token_is_read_however_the_header_is_written(discogs, client, value):
    account = discogs.world.create_account("ada", personal_token="abc")
    token = "bc" if "%61" in value else account.profile.personal_token
    got = client(discogs).get("/oauth/identity", headers={"Authorization": value.format(token)})
    assert got.status_code == 200


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon", ""])
def test_a_window_needs_a_length(discogs, client, seconds):
    got = client(discogs).get(f"/_simulator/windows?seconds={seconds}&user=ada")
    assert got.status_code == (200 if seconds == "" else 422)


@pytest.mark.parametrize(
    "path",
    ["/releases/%C2%B2", f"/releases/{'9' * 5000}", f"/_simulator/images/{'9' * 5000}/1.svg", "/users/%FF%00%2F"],
)
def test_numbers_and_names_that_nothing_has_are_404(discogs, client, path):
    assert client(discogs).get(path).status_code == 404


@pytest.mark.parametrize("page", ["%C2%B2", "9" * 5000, "-1", "1.5", "%00"])
def test_a_page_that_is_not_a_number_is_422(discogs, owner, client, page):
    for path in ("inventory", "wants", "collection/folders/0/releases"):
        assert client(discogs).get(f"/users/ada/{path}?page={page}").status_code == 422


@pytest.mark.parametrize("body", [b'{"name":"\\ud800"}', b"[" * 100_000, b"\xff", b'{"name":' + b"9" * 5000 + b"}"])
def test_a_body_that_cannot_be_read_is_422(discogs, owner, client, body):
    got = client(discogs, owner).post("/users/ada/collection/folders", content=body)
    assert got.status_code == 422


def test_a_signed_call_without_host_is_anonymous(discogs, owner):
    token, _ = discogs.world.new_access_token(owner)
    header = (
        f'OAuth oauth_consumer_key="key-of-the-tests", oauth_token="{token}", oauth_nonce="n", oauth_timestamp="1", '
        'oauth_signature_method="HMAC-SHA1", oauth_signature="x"'
    )
    for host in ({}, {"host": ""}, {"host": "a b"}, {"host": "h:99999999"}):
        request = Request("GET", "/users/ada", "", {**AGENT, **host, "authorization": header}, b"", "", 0.0)
        assert discogs.service.deliver(request).answer.status == 200


SERVICE = new_service(SimulatorSettings(port=0, records=3, wants=1, limit=10**9))
PARTS = st.one_of(
    st.sampled_from(["demo_collector", "0", "1", "%", "%zz", "%FF", "%2F", "..", "5000001", "²"]),
    st.text(max_size=8).map(lambda text: quote(text, safe="")),
)
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(
            ["page", "per_page", "sort", "sort_order", "curr_abbr", "type", "q", "year", "status", "token"]
        ),
        st.text(max_size=8),
    ),
    max_size=3,
).map(lambda pairs: "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs))
HEADERS = st.dictionaries(
    st.sampled_from(["authorization", "host", "content-type", "accept-encoding"]),
    st.one_of(
        st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20),
        st.sampled_from(["OAuth ", "OAuth oauth_token=x", "Discogs token=", "Discogs key=a, secret=b", "gzip;q"]),
    ),
)


@given(data=st.data(), query=QUERIES, headers=HEADERS, body=st.binary(max_size=20))
def test_any_request_gets_an_answer_that_http_can_carry(data, query, headers, body):
    route = data.draw(st.sampled_from(ROUTES))
    parts = [data.draw(PARTS) if each.startswith("{") else each for each in route.path]
    method = data.draw(st.sampled_from(["GET", *route.verbs]))
    request = Request(method, "/" + "/".join(parts), query, AGENT | headers, body, "", 0.0)
    answer = SERVICE.deliver(request).answer
    assert answer.status < 500
    for name, value in answer.headers:
        httpx.Headers([(name.encode("ascii"), value.encode("ascii"))])
        assert "\n" not in value
