"""Discogs' verbs: each is one request, or an error that says what it means.

Longer than other files because the verbs belong side by side; everything that they share stands elsewhere.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

import httpx

from discogs.answers import as_json, parsed
from discogs.auth import Credentials, PersonalToken, auth_for, secrets_of
from discogs.body import ACCEPT_ENCODING
from discogs.budget import Budget
from discogs.deadline import DeadlineTransport
from discogs.errors import Invalid, meaning
from discogs.exchange import Answer, exchange
from discogs.ids import ALL_FOLDERS, FieldId, FolderId, InstanceId, MasterId, ReleaseId
from discogs.records.catalogue import Master, MasterVersions, Release
from discogs.records.collection import CollectionPage, CollectionValue, Field, Folder, Instance
from discogs.records.market import InventoryPage, Listing, MarketplaceStats, PriceSuggestions
from discogs.records.people import Identity, Profile
from discogs.records.reading import Json, Rows, needed_rows
from discogs.records.search import Query, SearchPage
from discogs.records.wants import Want, WantPage
from discogs.settings import DiscogsSettings

T = TypeVar("T")

MOST_PER_PAGE = 100  # Discogs silently clamps what is above
CONNECTIONS = 64  # more than a process has threads: to wait for one would let permits run out
KEEPALIVE_SECONDS = 60.0  # steps come a second apart, and a new TLS connection costs three round trips
NO_CONTENT = 204  # what a change was done is answered with (Discogs contract §3)
_NO_SEGMENT = frozenset({"", ".", ".."})  # as part of a path these would lead elsewhere
_ITEMS = "/users/{username}/collection/folders/{folder_id}/releases"
_COPIES = _ITEMS + "/{release_id}"
_COPY = _COPIES + "/instances/{instance_id}"
_FOLDERS = "/users/{username}/collection/folders"
_WANT = "/users/{username}/wants/{release_id}"


def http_client(settings: DiscogsSettings) -> httpx.Client:
    """Open the connections of a process; threads may share them. Close it in the end."""
    return httpx.Client(
        base_url=settings.api_url,
        headers={
            "User-Agent": settings.user_agent,
            "Accept": "application/vnd.discogs.v2.discogs+json",
            "Accept-Encoding": ACCEPT_ENCODING,
        },
        timeout=httpx.Timeout(settings.deadline_seconds, connect=settings.connect_seconds),
        transport=DeadlineTransport(max_connections=CONNECTIONS, keepalive_seconds=KEEPALIVE_SECONDS),
        trust_env=False,  # a .netrc would put another name on our requests
    )


class Discogs:
    """Discogs as one set of credentials sees it. Safe to share between threads.

    Every verb raises what ``discogs.errors`` draws, PermitExpired, and whatever the budget raises.
    """

    def __init__(
        self, http: httpx.Client, settings: DiscogsSettings, budget: Budget, credentials: Credentials | None = None
    ) -> None:
        self._http = http
        self._settings = settings
        self._budget = budget
        self._auth = auth_for(credentials, settings)
        self._is_users_token = isinstance(credentials, PersonalToken)
        self._hide = secrets_of(credentials, settings)

    # Who

    def identity(self) -> Identity:
        """Whose credentials these are."""
        return self._get("/oauth/identity", Identity.parse)

    def profile(self, username: str) -> Profile:
        return self._get("/users/{username}", Profile.parse, _at(username=username))

    # The collection

    def folders(self, username: str) -> Rows[Folder]:
        """All folders; a stranger sees number 0 only."""
        return self._get(_FOLDERS, lambda o: needed_rows(o, "folders", Folder.parse), _at(username=username))

    def fields(self, username: str) -> Rows[Field]:
        path = "/users/{username}/collection/fields"
        return self._get(path, lambda o: needed_rows(o, "fields", Field.parse), _at(username=username))

    def collection_page(
        self,
        username: str,
        page: int = 1,
        *,
        per_page: int = MOST_PER_PAGE,
        sort: str = "added",
        sort_order: str = "desc",
        folder_id: FolderId = ALL_FOLDERS,
    ) -> CollectionPage:
        """A page of copies. Look at ``is_owner_view`` before believing what is not there.

        Args:
            sort: label, artist, title, catno, format, rating, added or year. Equal values may come in any order.
        """
        at = _at(username=username, folder_id=folder_id)
        return self._get(_ITEMS, CollectionPage.parse, at, _paging(page, per_page, sort, sort_order))

    def copies_of(
        self, username: str, release_id: ReleaseId, page: int = 1, *, per_page: int = MOST_PER_PAGE
    ) -> CollectionPage:
        """All copies of one release, in whatever folder: the look after an add with an uncertain end."""
        path = "/users/{username}/collection/releases/{release_id}"
        at = _at(username=username, release_id=release_id)
        return self._get(path, CollectionPage.parse, at, _paging(page, per_page))

    def collection_value(self, username: str) -> CollectionValue:
        return self._get("/users/{username}/collection/value", CollectionValue.parse, _at(username=username))

    def add_to_collection(self, username: str, folder_id: FolderId, release_id: ReleaseId) -> Instance:
        """Add a copy. **Each call adds another**: after Unavailable with ``maybe_applied``, look before you repeat."""
        if folder_id == ALL_FOLDERS:
            raise Invalid("Nothing can be added to folder 0, which shows all others: name a folder.", endpoint=_COPIES)
        at = _at(username=username, folder_id=folder_id, release_id=release_id)
        return self._change("POST", _COPIES, Instance.parse, at)

    def change_instance(
        self,
        username: str,
        folder_id: FolderId,
        release_id: ReleaseId,
        instance_id: InstanceId,
        *,
        rating: int | None = None,
        to_folder: FolderId | None = None,
    ) -> None:
        """Rate a copy (0 takes the rating back), move it, or both. ``folder_id`` is where it is now."""
        body = _given(rating=rating, folder_id=to_folder)
        self._do("POST", _COPY, _copy(username, folder_id, release_id, instance_id), body)

    def remove_instance(
        self, username: str, folder_id: FolderId, release_id: ReleaseId, instance_id: InstanceId
    ) -> None:
        """Remove one copy; Gone if it is not there (any more)."""
        self._do("DELETE", _COPY, _copy(username, folder_id, release_id, instance_id))

    def set_field(
        self,
        username: str,
        folder_id: FolderId,
        release_id: ReleaseId,
        instance_id: InstanceId,
        *,
        field_id: FieldId,
        value: str,
    ) -> None:
        """Write one custom field of a copy; a dropdown takes exactly one of its options."""
        at = {**_copy(username, folder_id, release_id, instance_id), "field_id": field_id}
        self._do("POST", _COPY + "/fields/{field_id}", at, {"value": value})

    def create_folder(self, username: str, name: str) -> Folder:
        return self._change("POST", _FOLDERS, Folder.parse, _at(username=username), {"name": name})

    def rename_folder(self, username: str, folder_id: FolderId, name: str) -> Folder:
        at = _at(username=username, folder_id=folder_id)
        return self._change("POST", _FOLDERS + "/{folder_id}", Folder.parse, at, {"name": name})

    def delete_folder(self, username: str, folder_id: FolderId) -> None:
        """Delete a folder, which must be empty."""
        self._do("DELETE", _FOLDERS + "/{folder_id}", _at(username=username, folder_id=folder_id))

    # The wantlist

    def wants_page(
        self,
        username: str,
        page: int = 1,
        *,
        per_page: int = MOST_PER_PAGE,
        sort: str = "added",
        sort_order: str = "desc",
    ) -> WantPage:
        path = "/users/{username}/wants"
        return self._get(path, WantPage.parse, _at(username=username), _paging(page, per_page, sort, sort_order))

    def put_want(
        self, username: str, release_id: ReleaseId, *, notes: str | None = None, rating: int | None = None
    ) -> Want:
        """Want a release; again is the same as once."""
        at = _at(username=username, release_id=release_id)
        return self._change("PUT", _WANT, Want.parse, at, _given(notes=notes, rating=rating))

    def edit_want(
        self, username: str, release_id: ReleaseId, *, notes: str | None = None, rating: int | None = None
    ) -> Want:
        at = _at(username=username, release_id=release_id)
        return self._change("POST", _WANT, Want.parse, at, _given(notes=notes, rating=rating))

    def remove_want(self, username: str, release_id: ReleaseId) -> None:
        """Want a release no more; Gone if it was not wanted."""
        self._do("DELETE", _WANT, _at(username=username, release_id=release_id))

    # The catalogue

    def search(self, query: Query, page: int = 1, *, per_page: int = MOST_PER_PAGE) -> SearchPage:
        return self._get("/database/search", SearchPage.parse, {}, {**query.given(), **_paging(page, per_page)})

    def release(self, release_id: ReleaseId) -> Release:
        return self._get("/releases/{release_id}", Release.parse, _at(release_id=release_id))

    def master(self, master_id: MasterId) -> Master:
        return self._get("/masters/{master_id}", Master.parse, {"master_id": master_id})

    def master_versions(self, master_id: MasterId, page: int = 1, *, per_page: int = MOST_PER_PAGE) -> MasterVersions:
        path = "/masters/{master_id}/versions"
        return self._get(path, MasterVersions.parse, {"master_id": master_id}, _paging(page, per_page))

    # The marketplace

    def marketplace_stats(self, release_id: ReleaseId, *, currency: str | None = None) -> MarketplaceStats:
        """How many are for sale and the floor. Without ``currency``: the asking account's, US dollars for nobody."""
        path = "/marketplace/stats/{release_id}"
        return self._get(path, MarketplaceStats.parse, _at(release_id=release_id), _given(curr_abbr=currency))

    def price_suggestions(self, release_id: ReleaseId) -> PriceSuggestions:
        """Suggestions by grade, in the account's selling currency. SellerSettings is about the account."""
        return self._get(
            "/marketplace/price_suggestions/{release_id}", PriceSuggestions.parse, _at(release_id=release_id)
        )

    def inventory(
        self,
        username: str,
        page: int = 1,
        *,
        per_page: int = MOST_PER_PAGE,
        status: str = "For Sale",
        sort: str = "listed",
        sort_order: str = "desc",
    ) -> InventoryPage:
        """One seller's shop; there is no such list for a release. PastEnd behind page 100 of others' shops."""
        params = {"status": status, **_paging(page, per_page, sort, sort_order)}
        return self._get("/users/{username}/inventory", InventoryPage.parse, _at(username=username), params)

    def listing(self, listing_id: int) -> Listing:
        """One offer. Gone, or a status other than ``For Sale``, when it was sold."""
        return self._get("/marketplace/listings/{listing_id}", Listing.parse, _at(listing_id=listing_id))

    # What they share

    def _get(
        self,
        path: str,
        parse: Callable[[Json], T],
        at: Mapping[str, str | int] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> T:
        """Read something; ``at`` fills the path's template."""
        return parsed(self._send("GET", path, at or {}, params=params), f"GET {path}", parse, hide=self._hide)

    def _change(
        self,
        method: str,
        path: str,
        parse: Callable[[Json], T],
        at: Mapping[str, str | int],
        body: Mapping[str, str | int] | None = None,
    ) -> T:
        """Change something that Discogs then shows."""
        return parsed(self._send(method, path, at, body=body), f"{method} {path}", parse, hide=self._hide)

    def _do(
        self, method: str, path: str, at: Mapping[str, str | int], body: Mapping[str, str | int] | None = None
    ) -> None:
        """Change something that is answered by silence: 204. A page was not written by Discogs, nor an empty 200."""
        answer = self._send(method, path, at, body=body)
        if answer.body.strip() or answer.status != NO_CONTENT:
            as_json(answer, f"{method} {path}", hide=self._hide)

    def _send(
        self,
        method: str,
        path: str,
        at: Mapping[str, str | int],
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, str | int] | None = None,
    ) -> Answer:
        endpoint = f"{method} {path}"
        if not _NO_SEGMENT.isdisjoint(at.values()):
            raise Invalid("This is not a name at Discogs.", endpoint=endpoint)
        filled = path.format_map({name: quote(str(value), safe="") for name, value in at.items()})
        request = self._http.build_request(method, filled, params=params or None, json=body or None)
        answer = exchange(
            self._http,
            self._budget,
            request,
            endpoint=endpoint,
            auth=self._auth,
            deadline_seconds=self._settings.deadline_seconds,
        )
        error = meaning(
            answer.status,
            answer.body,
            answer.content_type,
            endpoint,
            page=int((params or {}).get("page", 1)),
            is_users_token=self._is_users_token,
            hide=self._hide,
        )
        if error is not None:
            raise error
        return answer


def _copy(username: str, folder_id: FolderId, release_id: ReleaseId, instance_id: InstanceId) -> dict[str, str | int]:
    return _at(username=username, folder_id=folder_id, release_id=release_id, instance_id=instance_id)


def _at(**named: str | int) -> dict[str, str | int]:
    return named


def _paging(page: int, per_page: int, sort: str | None = None, sort_order: str | None = None) -> dict[str, str | int]:
    clamped = min(per_page, MOST_PER_PAGE)  # as Discogs does it, so that our idea of a page is the same
    return _given(page=page, per_page=clamped, sort=sort, sort_order=sort_order)


def _given(**named: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in named.items() if value is not None}
