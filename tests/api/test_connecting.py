"""Connecting over HTTP: every way in which a hand-shake can end, each with its own answer."""

from datetime import UTC, datetime

import pytest

from discogs.errors import ApplicationRejected
from workers.limiter.errors import GateClosed, GaveUp, LimiterUnavailable

AUTH = "/api/discogs/auth"


@pytest.fixture
def begin(client, as_app):
    def ask(user_id, body=None):
        answer = client.post(f"{AUTH}/request-token", json=body, headers=as_app(user_id))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture
def complete(client, as_app):
    def ask(user_id, request_token, verifier="v", **more):
        body = {"request_token": request_token, "verifier": verifier, **more}
        return client.post(f"{AUTH}/complete", json=body, headers=as_app(user_id))

    return ask


def reason(answer):
    return answer.status_code, answer.json()["error"]["reason"]


def test_it_begins_at_discogs_and_comes_back_to_us_by_default(begin, discogs, resources, ada):
    begun = begin(ada)
    assert begun["authorize_url"] == f"{discogs.url}/oauth/authorize?oauth_token={begun['request_token']}"
    assert discogs.callbacks == {begun["request_token"]: f"http://127.0.0.1:8050{AUTH}/callback"}
    assert begun["begin_url"].startswith(
        f"http://127.0.0.1:8050{AUTH}/begin?oauth_token={begun['request_token']}&ticket="
    )
    assert resources.limiter.asked == [("interactive", str(ada))]


def test_an_apps_own_callback_is_told_to_discogs_and_has_no_page_of_ours(begin, discogs, ada):
    begun = begin(ada, {"callback_url": "https://app.example/came-back"})
    assert discogs.callbacks == {begun["request_token"]: "https://app.example/came-back"}
    assert begun["begin_url"] is None


@pytest.mark.parametrize(
    ("callback", "begins", "kept"),
    [
        (
            f"https://app.example{AUTH}/callback?tenant=a%26b&tenant=c",
            f"https://app.example{AUTH}/begin?",
            "tenant=a%26b&tenant=c&",
        ),
        (
            f"https://app.example/x{AUTH}/callback?next=/a/callback&empty=",
            f"https://app.example/x{AUTH}/begin?",
            "next=%2Fa%2Fcallback&empty=&",
        ),
        (f"https://app.example{AUTH}/callback?ticket=no&oauth_token=no#there", f"https://app.example{AUTH}/begin?", ""),
    ],
)
def test_our_page_stands_beside_our_callback_with_its_query(begin, query_of, ada, callback, begins, kept):
    begun = begin(ada, {"callback_url": callback})
    assert begun["begin_url"].startswith(f"{begins}{kept}oauth_token={begun['request_token']}&ticket=https.")
    assert query_of(begun["begin_url"])["oauth_token"] == begun["request_token"]
    assert "#" not in begun["begin_url"]


def test_the_apps_backend_ends_it_for_who_began(begin, complete, discogs, resources, ada):
    begun = begin(ada)
    answer = complete(ada, begun["request_token"], discogs.allow(begun["request_token"]))
    assert answer.json() == {
        "user_id": str(ada),
        "username": "crates",
        "discogs_user_id": 42,
        "num_collection": 10_043,
        "num_wantlist": 12,
    }
    assert len(resources.limiter.asked) == len(discogs.asked) == 4
    assert {lane for lane, _ in resources.limiter.asked} == {"interactive"}


def test_another_user_cannot_end_it_and_uses_nothing_up(begin, complete, discogs, ada, bob):
    begun = begin(ada)
    verifier = discogs.allow(begun["request_token"])
    assert reason(complete(bob, begun["request_token"], verifier)) == (403, "handshake_foreign")
    assert complete(ada, begun["request_token"], verifier).status_code == 200


def test_a_replay_is_refused(begin, complete, discogs, ada):
    begun = begin(ada)
    verifier = discogs.allow(begun["request_token"])
    complete(ada, begun["request_token"], verifier)
    assert reason(complete(ada, begun["request_token"], verifier)) == (409, "handshake_used")


def test_one_that_took_too_long_is_refused(begin, complete, discogs, resources, ada):
    begun = begin(ada)
    with resources.pool.transaction() as conn:
        conn.execute(
            "UPDATE rekkrd.handshakes SET created_at = now() - interval '1 h', expires_at = now() - interval '1 s'"
        )
    answer = complete(ada, begun["request_token"], discogs.allow(begun["request_token"]))
    assert reason(answer) == (409, "handshake_expired")


def test_one_that_we_did_not_begin_is_not_found(complete, ada):
    assert reason(complete(ada, "no-such-token")) == (404, "handshake_unknown")


def test_a_no_at_discogs_is_told_and_closes_it(begin, complete, discogs, ada):
    begun = begin(ada)
    assert reason(complete(ada, begun["request_token"], None, denied=True)) == (409, "denied")
    answer = complete(ada, begun["request_token"], discogs.allow(begun["request_token"]))
    assert reason(answer) == (409, "handshake_used")


def test_a_verifier_is_needed(begin, complete, ada):
    assert reason(complete(ada, begin(ada)["request_token"], None)) == (422, "invalid")


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_verifier_that_discogs_does_not_take_changes_nothing(begin, complete, discogs, ada, status):
    begun = begin(ada)
    discogs.allow(begun["request_token"])
    discogs.trade_status = status
    answer = complete(ada, begun["request_token"], "guessed")
    assert reason(answer) in {(409, "verifier_refused"), (503, "discogs_rejected_us")}
    assert "guessed" not in answer.text


def test_another_account_than_before_is_a_choice(begin, complete, discogs, connect, resources, ada):
    connect(ada, username="crates", discogs_user_id=42)
    begun = begin(ada)
    answer = complete(ada, begun["request_token"], discogs.allow(begun["request_token"], "other"))
    assert reason(answer) == (409, "other_account")
    said = answer.json()["error"]
    assert "'other'" in said["message"]
    assert "'crates'" in said["message"]
    assert "forget_account" in said["next_step"]
    with resources.pool.transaction() as conn:
        row = conn.execute("SELECT discogs_user_id, discogs_username FROM profiles WHERE id = %s", [ada]).fetchone()
    assert row == {"discogs_user_id": 42, "discogs_username": "crates"}


def test_after_forgetting_the_account_another_can_be_connected(begin, complete, client, discogs, connect, as_app, ada):
    connect(ada, username="crates", discogs_user_id=42)
    answer = client.post(f"{AUTH}/disconnect", json={"forget_account": True}, headers=as_app(ada))
    assert answer.json() == {"was_connected": True, "cancelled_jobs": [], "removal_job": None}
    begun = begin(ada)
    answer = complete(ada, begun["request_token"], discogs.allow(begun["request_token"], "other"))
    assert (answer.status_code, answer.json()["username"]) == (200, "other")


def test_a_disconnect_forgets_the_tokens_and_cancels_what_speaks_for_the_account(
    client, connect, resources, as_app, ada
):
    connect(ada)
    job = client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(ada)).json()["job"]
    answer = client.post(f"{AUTH}/disconnect", headers=as_app(ada))
    assert answer.json() == {"was_connected": True, "cancelled_jobs": [job["id"]], "removal_job": None}
    assert client.get(f"/api/jobs/{job['id']}", headers=as_app(ada)).json()["state"] == "cancelled"
    with resources.pool.transaction() as conn:
        row = conn.execute("SELECT discogs_oauth_token, discogs_oauth_secret FROM profiles WHERE id = %s", [ada])
        assert row.fetchone() == {"discogs_oauth_token": None, "discogs_oauth_secret": None}
    again = client.post(f"{AUTH}/disconnect", headers=as_app(ada))
    assert again.json() == {"was_connected": False, "cancelled_jobs": [], "removal_job": None}


def test_data_is_counted_then_removed_by_a_job_and_nobody_connects_meanwhile(
    client, connect, resources, as_app, ada, begin, complete, discogs
):
    connect(ada)
    with resources.pool.transaction() as conn:
        conn.execute(
            "INSERT INTO rekkrd.folders (user_id, folder_id, name, record_count) VALUES (%s, 1, 'F', 0)", [ada]
        )
    said = client.get(f"{AUTH}/removal", headers=as_app(ada)).json()
    assert (said["albums_removed"], said["albums_kept"], said["rows"]["folders"]) == (0, 0, 1)
    answers = [client.post(f"{AUTH}/disconnect", json={"data": "remove"}, headers=as_app(ada)).json() for _ in range(2)]
    assert [answer["was_connected"] for answer in answers] == [True, False]
    (removal,) = {answer["removal_job"] for answer in answers}
    job = client.get(f"/api/jobs/{removal}", headers=as_app(ada)).json()
    assert (job["kind"], job["state"]) == ("forget_collection", "pending")
    begun = begin(ada)
    refused = complete(ada, begun["request_token"], discogs.allow(begun["request_token"]))
    assert (refused.status_code, refused.json()["error"]["reason"]) == (409, "removal_under_way")
    with resources.pool.transaction() as conn:
        row = conn.execute("SELECT discogs_oauth_token, discogs_user_id FROM profiles WHERE id = %s", [ada]).fetchone()
    assert row == {"discogs_oauth_token": None, "discogs_user_id": None}
    client.post(f"/api/jobs/{removal}/cancel", headers=as_app(ada))
    begun = begin(ada)
    assert complete(ada, begun["request_token"], discogs.allow(begun["request_token"])).status_code == 200


def test_a_token_that_was_revoked_at_once_connects_nobody(begin, complete, discogs, client, as_app, ada):
    begun = begin(ada)
    discogs.is_revoked = True
    answer = complete(ada, begun["request_token"], discogs.allow(begun["request_token"]))
    assert reason(answer) == (409, "token_revoked")
    answer = client.post("/api/jobs", json={"kind": "import_collection"}, headers=as_app(ada))
    assert reason(answer) == (409, "not_connected")


def test_a_profile_that_does_not_come_leaves_the_counts_unknown(begin, complete, discogs, ada):
    begun = begin(ada)
    discogs.profile_status = 502
    answer = complete(ada, begun["request_token"], discogs.allow(begun["request_token"]))
    assert (answer.status_code, answer.json()["num_collection"]) == (200, None)


@pytest.mark.parametrize(
    "error",
    [
        GaveUp("No token came up."),
        GateClosed(datetime.now(UTC), "Discogs asked us to wait"),
        LimiterUnavailable("Redis is out of reach at redis://:hush@host."),
    ],
)
def test_without_a_token_it_is_later_and_the_same_verifier_still_counts(
    begin, complete, client, discogs, resources, as_app, ada, error
):
    begun = begin(ada)
    verifier = discogs.allow(begun["request_token"])
    resources.limiter.error = error
    for answer in (
        complete(ada, begun["request_token"], verifier),
        client.post(f"{AUTH}/request-token", headers=as_app(ada)),
    ):
        assert reason(answer) == (503, "no_token")
        assert int(answer.headers["Retry-After"]) > 0
        assert "hush" not in answer.text
    resources.limiter.error = None
    assert complete(ada, begun["request_token"], verifier).status_code == 200


@pytest.mark.parametrize("status", [429, 502])
def test_without_an_answer_of_discogs_the_same_verifier_may_come_again(begin, complete, discogs, ada, status):
    begun = begin(ada)
    verifier = discogs.allow(begun["request_token"])
    discogs.trade_status = status
    assert complete(ada, begun["request_token"], verifier).status_code == 503
    discogs.trade_status = 200
    discogs.allow(begun["request_token"])
    assert complete(ada, begun["request_token"], verifier).status_code == 200


def test_our_own_key_refused_is_the_operators_affair(client, resources, as_app, ada):
    resources.limiter.error = ApplicationRejected("x")
    assert reason(client.post(f"{AUTH}/request-token", headers=as_app(ada))) == (503, "discogs_rejected_us")


def test_operators_do_not_connect_for_others(client, as_operator):
    assert reason(client.post(f"{AUTH}/request-token", headers=as_operator)) == (403, "forbidden")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", 'https://a"onclick="', "ftp://a"])
def test_an_address_that_is_no_web_address_is_refused(client, as_app, ada, url):
    for key in ("return_to", "callback_url"):
        answer = client.post(f"{AUTH}/request-token", json={key: url}, headers=as_app(ada))
        assert reason(answer) == (422, "invalid")
