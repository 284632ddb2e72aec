"""A collector's sync settings, with what they mean in a sentence and what the tier allows."""

from dataclasses import dataclass
from uuid import UUID

from db import Connection, links, outgoing, sync_settings, users
from db.links import PauseReason
from db.sync_settings import Chosen, Direction, Frequency
from services.sync import pause
from services.tiers import OFFERS, Feature, tier_of

OFTEN: dict[Frequency, str] = {"nightly": "every night", "weekly": "one night a week"}
WHAT: dict[Direction, str] = {
    "in": "What is on Discogs comes over",
    "out": "What changed here goes out to Discogs",
    "both": "What is on Discogs comes over, and what changed here goes out,",
}
FIRST_YES = " What goes out waits for a first yes to its preview."


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """The settings, whether they take effect now, and both as text. ``paused_reason`` says why no sync runs at all."""

    chosen: Chosen
    is_in_effect: bool
    paused_reason: PauseReason | None
    sentence: str


def show(conn: Connection, user_id: UUID) -> SyncSettings:
    """Return a collector's settings. Raises UnknownUser."""
    person = users.find(conn, user_id)
    chosen = sync_settings.of_user(conn, person.id)
    link = links.link(conn, person.id)
    is_connected = link is not None and link.state == "connected"
    paused_reason = None if link is None else link.paused_reason
    is_in_effect = (
        chosen.is_auto and tier_of(person.tier).has(Feature.NIGHTLY) and is_connected and paused_reason is None
    )
    if paused_reason is not None:
        return SyncSettings(chosen, is_in_effect, paused_reason, f"{pause.MESSAGE} {pause.NEXT_STEP}")
    said = say(chosen, person.tier, is_connected=is_connected)
    if is_in_effect and chosen.direction != "in" and not outgoing.is_confirmed(conn, person.id):
        said += FIRST_YES
    return SyncSettings(chosen, is_in_effect, None, said)


def change(
    conn: Connection,
    user_id: UUID,
    *,
    is_auto: bool | None = None,
    direction: Direction | None = None,
    frequency: Frequency | None = None,
) -> SyncSettings:
    """Change what is given, and return all. Raises UnknownUser."""
    person = users.find(conn, user_id)
    if (is_auto, direction, frequency) != (None, None, None):
        sync_settings.choose(conn, person.id, is_auto=is_auto, direction=direction, frequency=frequency)
    return show(conn, person.id)


def say(chosen: Chosen, tier: str, *, is_connected: bool) -> str:
    """Say what the settings mean for somebody of this tier, and what keeps them from taking effect."""
    if not chosen.is_auto:
        return "Nothing is synced of its own. A sync that is asked for always is."
    wish = f"{WHAT[chosen.direction]} {OFTEN[chosen.frequency]}, between 03:00 and 06:00 in your time zone."
    least = OFFERS[Feature.NIGHTLY].least
    if not tier_of(tier).has(Feature.NIGHTLY):
        return (
            f"Nothing is synced of its own: that is the {least.capitalize()} tier's, and yours is {tier.capitalize()}. "
            f"A sync that is asked for is. On {least.capitalize()}: {wish[0].lower()}{wish[1:]}"
        )
    if not is_connected:
        return f"Nothing is synced while no Discogs account is connected. Then: {wish[0].lower()}{wish[1:]}"
    return wish
