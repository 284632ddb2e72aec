"""Ending the connection with a Discogs account, for every door: the tokens go; what was imported stays, or goes too."""

from dataclasses import dataclass
from uuid import UUID

from actors.catalog import FORGET_COLLECTION
from db import forgetting, jobs, links, users
from db.jobs import Job
from workers.enqueue import Enqueued, Origin, enqueue
from workers.resources import Resources


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What a disconnect ended: whether there was a connection, the jobs that it cancelled, and the job that removes."""

    was_connected: bool
    cancelled: tuple[Job, ...]
    removal: Enqueued | None = None


def disconnect(
    resources: Resources, user_id: UUID, *, forget_account: bool = False, remove_data: bool = False
) -> Disconnected:
    """Clear the tokens and cancel the jobs that speak for the account. What was imported stays.

    ``forget_account`` also unbinds the user from the account, so that another one can be connected, and deletes what is
    known of it from Discogs; albums stay, without their numbers there. ``remove_data`` unbinds the user too, and
    enqueues the job that removes everything from Discogs, albums that nobody touched since their import among it.
    Raises UnknownUser.
    """
    is_for_good = forget_account or remove_data
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        ended = (jobs.end_conversation if is_for_good else jobs.cancel_conversation)(conn, user_id)
        was_connected = links.disconnect(conn, user_id)
        removal = None
        if remove_data:
            forgetting.unbind(conn, user_id)
            removal = enqueue(conn, FORGET_COLLECTION.name, user_id, origin=Origin.OPERATOR)
        elif forget_account:
            links.forget_account(conn, user_id)
    return Disconnected(was_connected, tuple(ended), removal)
