"""A collector's sync settings, with what they mean in a sentence and what the tier allows."""

from dataclasses import dataclass
from uuid import UUID

from db import Connection, links, sync_settings, users
from db.sync_settings import Chosen, Frequency

AUTO_TIER = "archivist"
OFTEN: dict[Frequency, str] = {"nightly": "every night", "weekly": "one night a week"}


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What was chosen, whether it takes effect now, and both in words."""

    chosen: Chosen
    is_in_effect: bool
    sentence: str


def show(conn: Connection, user_id: UUID) -> SyncSettings:
    """Return a collector's settings. Raises UnknownUser."""
    person = users.find(conn, user_id)
    chosen = sync_settings.of_user(conn, person.id)
    link = links.link(conn, person.id)
    is_connected = link is not None and link.state == "connected"
    is_in_effect = chosen.is_auto and person.tier == AUTO_TIER and is_connected
    return SyncSettings(chosen, is_in_effect, say(chosen, person.tier, is_connected=is_connected))


def change(
    conn: Connection,
    user_id: UUID,
    *,
    is_auto: bool | None = None,
    frequency: Frequency | None = None,
) -> SyncSettings:
    """Change what is given, and return all. Raises UnknownUser.

    There is no choice of direction yet: the clock brings in, and a push is asked for by its own job.
    """
    person = users.find(conn, user_id)
    if (is_auto, frequency) != (None, None):
        sync_settings.choose(conn, person.id, is_auto=is_auto, frequency=frequency)
    return show(conn, person.id)


def say(chosen: Chosen, tier: str, *, is_connected: bool) -> str:
    """Say what the settings mean for somebody of this tier, and what keeps them from taking effect."""
    if not chosen.is_auto:
        return "Nothing comes over of its own. A sync that is asked for always does."
    wish = f"What is on Discogs comes over {OFTEN[chosen.frequency]}, between 03:00 and 06:00 in your time zone."
    if tier != AUTO_TIER:
        return (
            f"Nothing comes over of its own: that is the Archivist tier's, and yours is {tier.capitalize()}. "
            f"A sync that is asked for does. On Archivist: {wish[0].lower()}{wish[1:]}"
        )
    if not is_connected:
        return f"Nothing comes over while no Discogs account is connected. Then: {wish[0].lower()}{wish[1:]}"
    return wish
