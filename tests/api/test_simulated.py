"""The whole hand-shake as in earnest: API, simulated Discogs, limiter, and a browser with its cookies."""

import re
import threading
import time
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn

import simulator
from api.app import create_app
from db import users
from simulator import SimulatorSettings
from workers.resources import open_resources
from workers.settings import Settings

KEY, SECRET = "rekkrd-simulator-key", "rekkrd-simulator-secret"


@pytest.fixture
def discogs():
    with simulator.running(SimulatorSettings(port=0, username="crates", records=30, wants=5)) as running:
        yield running


@pytest.fixture
def live(discogs, migrated_database_url, redis_url, api_settings, monkeypatch):
    """The API on a free port; yields its address and resources."""
    for name, value in {
        "DATABASE_URL": migrated_database_url,
        "REDIS_URL": redis_url,
        "DISCOGS_OAUTH_ENCRYPTION_KEY": "11" * 32,
        "DISCOGS_API_URL": discogs.url,
        "DISCOGS_AUTHORIZE_URL": f"{discogs.url}/oauth/authorize",
        "DISCOGS_CONSUMER_KEY": KEY,
        "DISCOGS_CONSUMER_SECRET": SECRET,
        "DISCOGS_WINDOW_SECONDS": "6",
        "REKKRD_SEND_DEADLINE_SECONDS": "0.2",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DISCOGS_CALLBACK_URL", raising=False)
    with open_resources(Settings(env_file=None)) as resources:
        app = create_app(api_settings, resources)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        app.state.settings = api_settings.model_copy(update={"port": port})
        yield f"http://127.0.0.1:{port}", resources
        server.should_exit = True
        thread.join()
        resources.limiter.close()


def press(browser, page, name=None, value=None):
    """Send a page's form by one of its buttons."""
    form = page.text[page.text.index("<form") : page.text.index("</form>")]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'<select[^>]* name="([^"]+)"><option value="([^"]*)"', form))
    if name is not None:
        fields[name] = value
    action = re.search(r'action="([^"]+)"', form)  # without one, a form goes to its page's own address
    return browser.post(urljoin(str(page.url), unescape(action.group(1)) if action else ""), data=fields)


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_browser_goes_all_the_way_and_sees_how_it_ended(live, discogs, as_app, decision):
    url, resources = live
    with resources.pool.transaction() as conn:
        ada = users.create(conn, "ada").id
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=30) as browser:
        begun = httpx.post(
            f"{url}/api/discogs/auth/request-token",
            json={"callback_url": f"{url}/api/discogs/auth/callback?tenant=a%26b"},
            headers=as_app(ada),
            timeout=30,
            trust_env=False,
        )
        question = browser.get(begun.json()["begin_url"])
        at_discogs = press(browser, question)
        assert [gone.request.url.params["tenant"] for gone in (question, at_discogs.history[0])] == ["a&b", "a&b"]
        assert str(at_discogs.url).startswith(discogs.url)
        page = press(browser, at_discogs, "decision", decision)
    assert str(page.url).startswith(f"{url}/api/discogs/auth/callback?tenant=a%26b&")
    if decision == "deny":
        assert (page.status_code, "Access was not allowed" in page.text) == (409, True)
        return
    assert page.status_code == 200, page.text
    assert "The Discogs account crates is connected to the Rekkrd user ada, with 30 records and 5 wants." in page.text
    asked = httpx.post(
        f"{url}/api/jobs?estimate=true", json={"kind": "import_wantlist"}, headers=as_app(ada), trust_env=False
    )
    assert asked.json()["estimate"]["requests"] == 1
