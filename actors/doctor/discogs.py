"""Discogs: credentials, the keys of stored tokens, connections, what holds the budget back, and one request."""

import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from actors.doctor.findings import Finding, Level, fine, left_out, warning, wrong
from actors.doctor.servers import PATIENCE_SECONDS, database_url
from actors.operating import budget
from actors.wording import count, utc
from db import doctor as db
from db import gates
from db.doctor import Seal
from db.errors import SealBroken
from db.gates import Hold
from db.sealing import Keys
from discogs.errors import ApplicationRejected, Blocked, DiscogsError, PermitExpired, Throttled, Unauthorised
from discogs.settings import DiscogsSettings
from services.wording import ended
from workers.errors import EngineError
from workers.holds import ALARMING, BUDGET
from workers.limiter.errors import GateClosed, GaveUp, LimiterUnavailable
from workers.resources import open_resources
from workers.settings import Settings

TOKEN_SECONDS = 5.0
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
SLOW_SECONDS = 5.0

_REJECTED = (
    "Set DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET as discogs.com/settings/developers shows them, and restart "
    "every process."
)
_BLOCKED = "Check DISCOGS_USER_AGENT, and what else calls Discogs from this address; we ask every ten minutes."

# By cause: what to do, and the command.
_GATES: Mapping[str, tuple[str, str | None]] = {
    "throttled": ("It opens by itself; if it comes back, see what else calls Discogs from this address.", None),
    "blocked": (_BLOCKED, "rekkrd limiter --once"),
    "rejected": (_REJECTED, None),
    "operator": ("It ends by itself then; to release it sooner:", "rekkrd limiter resume"),
}


def look_at_credentials(settings: Settings) -> list[Finding]:
    """Whether we can say who we are."""
    return [judge_credentials(settings.discogs)]


def judge_credentials(discogs: DiscogsSettings) -> Finding:
    """Judge the settings about Discogs; that key and secret come together their room has seen to."""
    if is_simulated(discogs):
        return fine(f"Discogs is simulated, at {discogs.api_url}.")
    if discogs.consumer_key is not None:
        return fine(f"Key and secret are set; Discogs is {discogs.api_url}.")
    return warning(
        "DISCOGS_CONSUMER_KEY and DISCOGS_CONSUMER_SECRET are not set: nobody can connect by OAuth, and Discogs "
        "allows 25 requests a minute where it allows 60.",
        "Set both as discogs.com/settings/developers shows them.",
    )


def is_simulated(discogs: DiscogsSettings) -> bool:
    """Whether the address is on this machine, where only a simulator can be."""
    return urlsplit(discogs.api_url).hostname in THIS_MACHINE


def look_at_keys(settings: Settings) -> list[Finding]:
    """Whether every stored token opens with a key that we have."""
    keys = settings.database.keys()
    if keys is None:
        return judge_keys(None, [], {})
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        seals = db.seals(conn)
        broken = {}
        for seal in seals:
            try:
                db.try_seal(conn, keys, seal)
            except SealBroken as error:
                broken[seal.key_id] = str(error)
    return judge_keys(keys, seals, broken)


def judge_keys(keys: Keys | None, seals: Sequence[Seal], broken: Mapping[str, str]) -> list[Finding]:
    """Judge the keys by the tokens that they sealed; ``broken`` says of a key why a token of it did not open."""
    if keys is None:
        return [
            wrong(
                "DISCOGS_OAUTH_ENCRYPTION_KEY is not set: no process starts without it.",
                "Set the one with which tokens were sealed; if there never was one, make one.",
                "rekkrd keys new",
            )
        ]
    found = []
    for seal in seals:
        whose = f"The tokens of {count(seal.users, 'user')}"
        if seal.key_id not in keys.by_id:
            found.append(
                wrong(
                    f"{whose} were sealed with the key {seal.key_id}, which DISCOGS_OAUTH_ENCRYPTION_KEY does not "
                    "hold.",
                    "Put that key behind the present one, with a comma, in every process; then seal them anew. If it "
                    "is lost, these users connect again.",
                    "rekkrd keys rotate",
                )
            )
        elif seal.key_id in broken:
            found.append(
                wrong(
                    f"{whose} do not open, though a key by the name {seal.key_id} is set; one was tried.",
                    "Set the key with which they were sealed; if it is lost, these users connect again.",
                )
            )
        elif seal.key_id != keys.current:
            found.append(
                warning(
                    f"{whose} are sealed with the older key {seal.key_id}.",
                    "Seal them anew, then the older key can go.",
                    "rekkrd keys rotate",
                )
            )
    if not seals:
        return [fine(f"The key {keys.current} is set; no token is stored yet.")]
    users = count(sum(seal.users for seal in seals), "user")
    return found or [fine(f"The key {keys.current} opens the tokens of {users}; one was tried.")]


def look_at_links(settings: Settings) -> list[Finding]:
    """Whether collectors must connect again."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        return [judge_links(db.links(conn))]


def judge_links(by_state: Mapping[str, int]) -> Finding:
    """Judge how the connections stand."""
    connected, refused = by_state.get("connected", 0), by_state.get("needs_reconnect", 0)
    if refused:
        return warning(
            f"{count(refused, 'user')} must connect again: Discogs refused their tokens; {connected:,} are connected.",
            "Only they can, at the app. If it is many at once, look at our own credentials first.",
            "rekkrd users",
        )
    return fine(f"{count(connected, 'user')} connected, nobody must connect again.")


def look_at_budget(settings: Settings) -> list[Finding]:
    """What holds the budget back, by the ledger and by Redis."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        holding = gates.holding(conn, BUDGET)
    found = [judge_gate(gate) for gate in holding]
    try:
        with open_resources(settings) as resources:
            shown = resources.limiter.snapshot()
    except (EngineError, LimiterUnavailable):  # why, other checks say
        return found or [left_out("Nothing in the ledger holds it back; what Redis knows cannot be seen.")]
    found += [
        warning(one.sentence, "More than this is not spent; `rekkrd limiter` shows it live.", "rekkrd limiter --once")
        for one in budget.lowered(shown, settings.limiter)
        if one.cause in ("discogs", "others")
    ]
    return found or [fine(budget.sentence(shown, settings.limiter))]


def judge_gate(gate: Hold) -> Finding:
    """Judge one thing that holds the budget back."""
    do, command = _GATES[gate.cause]
    by = f" by {gate.closed_by}" if gate.closed_by else ""
    what = f"{gate.share:.0%} of the budget is left" if gate.share else "Nobody sends"
    sentence = f"{what} until {utc(gate.closed_until)}{by}: {ended(gate.reason)}"
    return Finding(Level.WRONG if gate.cause in ALARMING else Level.WARNING, sentence, do, command)


def ask(settings: Settings) -> list[Finding]:
    """Send one request to Discogs, with a token as every request has one, and say what came."""
    with open_resources(settings) as resources:
        began = time.monotonic()
        waiting = resources.budget_for_person("", give_up_after=TOKEN_SECONDS)
        try:
            who = resources.discogs(None, waiting).identity().username
        except Unauthorised:
            who = None  # nobody signed in: it answered, and took our key if we have one
        except (DiscogsError, PermitExpired, GaveUp, GateClosed) as error:
            return [judge_refusal(error)]
        seconds = time.monotonic() - began
    name = "The simulator" if is_simulated(settings.discogs) else "Discogs"
    if who is not None:
        known = f", and knows us as {who}"
    else:
        known = ", and knows our key" if settings.discogs.consumer_key is not None else ""
    if seconds > SLOW_SECONDS:
        sentence = f"{name} answers{known}, but it took {seconds:.1f} s."
        return [warning(sentence, "If that lasts, imports take longer; nothing is lost.", "rekkrd limiter --once")]
    return [fine(f"{name} answers in {seconds:.1f} s{known}.")]


def judge_refusal(error: Exception) -> Finding:
    """Judge why the one request was not answered as it should be."""
    said = str(error).rstrip(".")
    if isinstance(error, GateClosed | GaveUp):
        why = "the budget is held back" if isinstance(error, GateClosed) else "all tokens went to others for 5 s"
        return left_out(f"Not asked: {why}.")
    if isinstance(error, ApplicationRejected):
        return wrong(f"{said}.", _REJECTED)
    if isinstance(error, Blocked):
        return wrong(f"{said}.", _BLOCKED, "rekkrd limiter --once")
    if isinstance(error, Throttled | PermitExpired):
        return warning(f"{said}.", "Look again in a minute; jobs go on by themselves.", "rekkrd doctor")
    return wrong(
        f"{said}.",
        "Look whether discogs.com is up, and whether this machine may reach it; jobs try again by themselves.",
        "rekkrd doctor",
    )
