"""The hand-shake in a browser: it ends in the one that began, and what Discogs sends is text, never HTML."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi.testclient import TestClient

AUTH = "/api/discogs/auth"


@pytest.fixture
def begun(client, as_app, ada):
    answer = client.post(
        f"{AUTH}/request-token", json={"return_to": "https://app.example/shelf?a=1&b=2"}, headers=as_app(ada)
    )
    return answer.json()


@pytest.fixture
def back(discogs, begun):
    """Where Discogs sends a browser whose person said yes."""

    def at(username="crates"):
        verifier = discogs.allow(begun["request_token"], username)
        return f"{AUTH}/callback?oauth_token={begun['request_token']}&oauth_verifier={verifier}"

    return at


def begin_in(browser, begun):
    return browser.post(begun["begin_url"], headers={"Sec-Fetch-Site": "same-origin"})


def test_the_browser_that_began_is_connected_and_sees_by_whom(browser, begun, back):
    with browser() as hers:
        page = hers.get(begun["begin_url"])
        assert page.status_code == 200
        assert "Rekkrd user ada" in page.text
        gone = begin_in(hers, begun)
        assert (gone.status_code, gone.headers["Location"]) == (303, begun["authorize_url"])
        page = hers.get(back())
    assert page.status_code == 200
    assert (
        "The Discogs account crates is connected to the Rekkrd user ada, with 10,043 records and 12 wants." in page.text
    )
    assert '<a href="https://app.example/shelf?a=1&amp;b=2">Back to Rekkrd</a>' in page.text


def test_a_single_record_is_no_records(browser, begun, back, discogs):
    discogs.counts = (1, 0)
    with browser() as hers:
        begin_in(hers, begun)
        assert "with 1 record and 0 wants." in hers.get(back()).text


def test_the_cookie_is_for_the_browser_alone(browser, begun):
    with browser() as hers:
        cookie = begin_in(hers, begun).headers["Set-Cookie"]
    parts = {part.strip().split("=")[0].lower(): part.strip().partition("=")[2] for part in cookie.split(";")}
    assert {"httponly", "max-age"} <= set(parts)
    assert (parts["samesite"], parts["max-age"]) == ("lax", "900")
    assert [cookie.path for cookie in hers.cookies.jar] == [AUTH]
    assert "secure" not in parts  # it would not come back over http; the next test is https


@pytest.mark.parametrize("said_by", ["the body", "the setting"])
def test_the_cookie_is_secure_when_the_browser_comes_back_over_https(
    client, browser, as_app, ada, resources, monkeypatch, said_by
):
    callback = f"https://app.example{AUTH}/callback"
    if said_by == "the setting":
        discogs = resources.settings.discogs.model_copy(update={"callback_url": callback})
        monkeypatch.setitem(resources.settings.__dict__, "discogs", discogs)
    body = {"callback_url": callback} if said_by == "the body" else None
    begun = client.post(f"{AUTH}/request-token", json=body, headers=as_app(ada)).json()
    assert begun["begin_url"].startswith("https://")
    with browser() as hers:  # a proxy ended TLS before us, so what we see is http
        answer = begin_in(hers, {"begin_url": begun["begin_url"].replace("https://app.example", "")})
    assert "; secure" in answer.headers["Set-Cookie"].lower()


def test_a_ticket_that_was_changed_to_lose_the_secure_cookie_is_none(browser, begun):
    assert "&ticket=http." in begun["begin_url"]
    with browser() as hers:
        changed = hers.post(begun["begin_url"].replace("&ticket=http.", "&ticket=https."))
    assert changed.status_code == 403


def test_behind_a_proxy_that_takes_a_part_of_the_path_off_the_cookie_comes_back(app, client, as_app, discogs, ada):
    async def proxy(scope, receive, send):
        path = scope["path"].removeprefix("/rekkrd")
        await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    callback = f"http://app.example/rekkrd{AUTH}/callback"
    begun = client.post(f"{AUTH}/request-token", json={"callback_url": callback}, headers=as_app(ada)).json()
    hers = TestClient(proxy, base_url="http://app.example", follow_redirects=False)
    assert begin_in(hers, begun).status_code == 303
    address = f"{callback}?oauth_token={begun['request_token']}&oauth_verifier={discogs.allow(begun['request_token'])}"
    assert hers.get(address).status_code == 200
    assert len(hers.cookies) == 0


def test_another_browser_is_refused_and_the_first_may_still_end_it(browser, begun, back):
    with browser() as hers, browser() as theirs:
        begin_in(hers, begun)
        address = back()
        page = theirs.get(address)
        assert (page.status_code, "Another browser" in page.text) == (403, True)
        assert hers.get(address).status_code == 200


def test_an_address_opened_before_begins_nothing_in_another_browser(browser, begun, back):
    with browser() as hers, browser() as theirs:
        begin_in(hers, begun)
        assert theirs.get(begun["begin_url"]).status_code == 403
        answer = begin_in(theirs, begun)
        assert (answer.status_code, answer.cookies) == (403, {})
        assert hers.get(back()).status_code == 200


def test_of_two_browsers_at_the_same_instant_one_is_let_in(browser, begun, back, migrated_database_url):
    with (
        browser() as hers,
        browser() as theirs,
        psycopg.connect(migrated_database_url) as conn,
        ThreadPoolExecutor(2) as both,
    ):
        conn.execute("SELECT FROM rekkrd.handshakes FOR UPDATE")  # both have looked, and stand before the same row
        answers = [both.submit(begin_in, one, begun) for one in (hers, theirs)]
        until = time.monotonic() + 5  # bounds a test that would hang
        while _waiting(migrated_database_url) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        assert _waiting(migrated_database_url) == 2
        conn.commit()
        told = {answer.result().status_code: one for answer, one in zip(answers, (hers, theirs), strict=True)}
        assert sorted(told) == [303, 403]
        address = back()
        assert told[403].get(address).status_code == 403
        assert told[303].get(address).status_code == 200


def _waiting(url):
    with psycopg.connect(url) as conn:
        return conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()[0]


def test_a_ticket_is_no_cookie(browser, begun, back, query_of):
    from api.browsing import cookie_name

    with browser() as thief:
        thief.cookies.set(cookie_name(begun["request_token"]), query_of(begun["begin_url"])["ticket"])
        assert thief.get(back()).status_code == 403


def test_looking_at_the_question_uses_nothing_up(browser, begun, back):
    with browser() as hers, browser() as preview:
        assert preview.get(begun["begin_url"]).status_code == 200
        begin_in(hers, begun)
        assert hers.get(back()).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_send_the_form(browser, begun, site):
    with browser() as hers:
        answer = hers.post(begun["begin_url"], headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_two_connections_in_one_browser_do_not_take_each_others_cookie(client, browser, discogs, as_app, ada, bob):
    both = [client.post(f"{AUTH}/request-token", headers=as_app(user)).json() for user in (ada, bob)]
    with browser() as one:
        for begun in both:
            begin_in(one, begun)
        for begun, username in zip(both, ("crates", "other"), strict=True):
            verifier = discogs.allow(begun["request_token"], username)
            page = one.get(f"{AUTH}/callback?oauth_token={begun['request_token']}&oauth_verifier={verifier}")
            assert page.status_code == 200


def test_a_no_at_discogs_is_a_page_and_the_cookie_goes(browser, begun):
    with browser() as hers:
        begin_in(hers, begun)
        page = hers.get(f"{AUTH}/callback?denied={begun['request_token']}")
        assert page.status_code == 409
        assert "Access was not allowed at Discogs." in page.text
        assert "Max-Age=0" in page.headers["Set-Cookie"]


def test_a_replay_is_told_as_such(browser, begun, back):
    with browser() as hers:
        begin_in(hers, begun)
        address = back()
        cookies = dict(hers.cookies)
        hers.get(address)
        hers.cookies.update(cookies)
        page = hers.get(address)
    assert (page.status_code, "Finished before" in page.text) == (409, True)


def test_one_that_took_too_long_is_told_as_such(browser, begun, back, resources):
    with browser() as hers:
        begin_in(hers, begun)
        with resources.pool.transaction() as conn:
            conn.execute(
                "UPDATE rekkrd.handshakes SET created_at = now() - interval '1 h', expires_at = now() - interval '1 s'"
            )
        page = hers.get(back())
    assert (page.status_code, "That took too long" in page.text) == (409, True)


def test_an_address_without_a_hand_shake_says_what_to_do(browser):
    with browser() as hers:
        assert hers.get(f"{AUTH}/callback").status_code == 422
        assert hers.get(f"{AUTH}/callback?oauth_token=nobodys&oauth_verifier=v").status_code == 404


def test_another_account_is_a_page_with_the_choice(browser, begun, back, connect, ada):
    connect(ada, username="before", discogs_user_id=7)
    with browser() as hers:
        begin_in(hers, begun)
        page = hers.get(back())
    assert page.status_code == 409
    assert "Another Discogs account" in page.text
    assert "Choose:" in page.text


def test_what_comes_from_outside_is_escaped(browser, begun, back, resources):
    with resources.pool.transaction() as conn:
        conn.execute("UPDATE profiles SET handle = '<script>alert(1)</script>'")
    with browser() as hers:
        question = hers.get(begun["begin_url"])
        begin_in(hers, begun)
        page = hers.get(back("<b>crates</b>"))
    for answer in (question, page):
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
    assert "&lt;b&gt;crates&lt;/b&gt;" in page.text
    for attack in ('"><script>alert(1)</script>', "'><img src=x>"):
        with browser() as theirs:
            for address in (
                "callback?denied=",
                "callback?oauth_verifier=v&oauth_token=",
                "begin?ticket=t&oauth_token=",
            ):
                said = theirs.get(f"{AUTH}/{address}{attack}")
                assert "<script" not in said.text
                assert "<img" not in said.text


def test_pages_run_no_script_are_not_framed_not_stored_and_tell_no_referrer(browser, begun):
    with browser() as hers:
        headers = hers.get(begun["begin_url"]).headers
        assert begin_in(hers, begun).headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_without_the_database_says_come_again(browser, begun, resources, monkeypatch):
    from db.errors import DatabaseAway

    def away():
        raise DatabaseAway("No connection to postgresql://rekkrd:hush@host.")

    monkeypatch.setattr(resources.pool, "transaction", away)
    with browser() as hers:
        page = hers.get(begun["begin_url"])
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "hush" not in page.text
