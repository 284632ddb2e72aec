"""Ending the connection with a Discogs account, for every door: the tokens go, what was imported stays."""

from dataclasses import dataclass
from uuid import UUID

from db import jobs, links, users
from db.jobs import Job
from workers.resources import Resources


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What a disconnect ended: whether there was a connection, and the jobs that it cancelled."""

    was_connected: bool
    cancelled: tuple[Job, ...]


def disconnect(resources: Resources, user_id: UUID, *, forget_account: bool = False) -> Disconnected:
    """Clear the tokens and cancel the jobs that speak for the account. What was imported stays.

    ``forget_account`` also unbinds the user from the account, so that another one can be connected, and deletes what is
    known of it from Discogs; albums stay, without their numbers there. Raises UnknownUser.
    """
    with resources.pool.transaction() as conn:
        users.find(conn, user_id)
        ended = (jobs.end_conversation if forget_account else jobs.cancel_conversation)(conn, user_id)
        was_connected = links.disconnect(conn, user_id)
        if forget_account:
            links.forget_account(conn, user_id)
    return Disconnected(was_connected, tuple(ended))
