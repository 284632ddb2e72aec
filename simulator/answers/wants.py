"""The wantlist."""

from simulator.accounts import Account
from simulator.answers.instances import asked_rating
from simulator.answers.paging import asked_page, asked_sort, paged
from simulator.call import Answer, Call
from simulator.errors import PRIVATE, NotAllowed, NotFound, Unprocessable
from simulator.orders import COLLECTION_SORTS
from simulator.records import Want
from simulator.shapes import dumped, want_shape


def show_wants(call: Call) -> Answer:
    """Show a page of wishes; notes to the owner alone."""
    owner = call.owner
    if owner.profile.is_private and not call.is_owner:
        raise NotAllowed(PRIVATE)
    sort, is_descending = asked_sort(call, COLLECTION_SORTS, "added")
    page = asked_page(call, len(owner.wants))
    ids = owner.want_order(sort).page(page.start, page.size, descending=is_descending)
    items = [dumped(want_shape(owner.wants[each], owner, call.world, is_owner=call.is_owner)) for each in ids]
    return paged(call, page, "wants", items, owner.lie)


def show_want(call: Call) -> Answer:
    """Show one wish."""
    owner = call.owner
    if owner.profile.is_private and not call.is_owner:
        raise NotAllowed(PRIVATE)
    return Answer(body=_entry(call, owner, _found(call, owner)))


def put_want(call: Call) -> Answer:
    """Wish for a release; a second time changes the wish. Either way 201 and the entry."""
    owner = call.require_owner()
    return Answer(201, _entry(call, owner, _put(call, owner, call.require_release())))


def edit_want(call: Call) -> Answer:
    """Change a wish."""
    owner = call.require_owner()
    return Answer(200, _entry(call, owner, _put(call, owner, _found(call, owner).release_id)))


def drop_want(call: Call) -> Answer:
    """Drop a wish."""
    owner = call.require_owner()
    call.world.remove_want(owner, _found(call, owner).release_id)
    return Answer(204)


def _put(call: Call, owner: Account, release_id: int) -> Want:
    notes = call.values.get("notes")
    if notes is not None and not isinstance(notes, str):
        raise Unprocessable("Invalid notes: expected text.")
    return call.world.put_want(owner, release_id, rating=asked_rating(call), notes=notes)


def _found(call: Call, owner: Account) -> Want:
    want = owner.wants.get(call.number("release_id"))
    if want is None:
        raise NotFound("Release not found in the wantlist.")
    return want


def _entry(call: Call, owner: Account, want: Want) -> bytes:
    return dumped(want_shape(want, owner, call.world, is_owner=call.is_owner))
