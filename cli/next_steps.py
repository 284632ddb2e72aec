"""What to do about each error of the rooms below, for a person at this terminal: they cannot know the commands."""

from collections.abc import Mapping

from actors.errors import ActorError
from db import errors as db
from discogs import errors as discogs
from services.errors import ServiceError
from workers import errors as engine
from workers.limiter import errors as limiter

_CHECK_DATABASE = "Check DATABASE_URL, and that the server runs."
_LATER = "Run the command again in a few minutes; nothing was changed."
_MIGRATE = "Follow what it says, then run `rekkrd migrate`."
_CONNECT = "Run `rekkrd connect USER` again: it begins anew."
_SETTINGS = "Put it right in the environment or in .env; README lists all settings."
_TRACEBACK = "Report what `rekkrd --debug …` shows: nobody foresaw this."

NEXT_STEPS: Mapping[type[Exception], str] = {
    db.DatabaseError: _TRACEBACK,
    db.MayBeRetried: "Run the command again.",
    db.DatabaseAway: _CHECK_DATABASE,
    db.DatabaseReadOnly: "Set default_transaction_read_only = off, or DATABASE_URL to the primary; then run it again.",
    db.CommitUnknown: "It may have been stored: look with `rekkrd jobs` or `rekkrd users` before you run it again.",
    db.DatabaseBusy: "Run the command again; REKKRD_DATABASE_TIMEOUT_SECONDS is how long it waits.",
    db.DatabaseFull: "Make room on the database server, or lower REKKRD_DATABASE_POOL_SIZE; then run it again.",
    db.StatementRefused: "Look with `rekkrd migrate --check`. If all is applied, report what `rekkrd --debug …` shows.",
    db.TextRefused: "Leave the NUL character out, and type the text in UTF-8.",
    db.MigrationRefused: _MIGRATE,
    db.MigrationBlocked: "Run `rekkrd migrate` again at a quieter time.",
    db.SealBroken: "Run `rekkrd connect USER` for that user, or set the right DISCOGS_OAUTH_ENCRYPTION_KEY.",
    db.WrongKey: "Put the old key behind the present one in DISCOGS_OAUTH_ENCRYPTION_KEY, then `rekkrd keys rotate`.",
    db.BadKey: "`rekkrd keys new` prints a fresh key.",
    db.UnknownUser: "Check the name: `rekkrd users` lists users. On `rekkrd up`, `rekkrd connect NAME` makes one.",
    db.AmbiguousUser: "`rekkrd users --ids` shows the ids.",
    db.HandshakeRefused: _CONNECT,
    db.HandshakeUnknown: _CONNECT,
    db.HandshakeExpired: _CONNECT,
    db.HandshakeUsed: "`rekkrd users` says whether the account is connected; if not, run `rekkrd connect USER` again.",
    db.HandshakeForeign: _CONNECT,
    db.HandshakeElsewhere: _CONNECT,
    discogs.DiscogsError: _LATER,
    discogs.Throttled: "Run the command again in a minute; jobs go on by themselves.",
    discogs.Blocked: "Check DISCOGS_USER_AGENT, and what else calls Discogs from this address.",
    discogs.Unauthorised: "Run `rekkrd connect USER`, with the token as it stands at discogs.com/settings/developers.",
    discogs.ApplicationRejected: "Set both as discogs.com/settings/developers shows them, and restart the processes.",
    discogs.Gone: "Look whether it is still there on discogs.com, then run the command again.",
    discogs.PastEnd: "Run the command again: the list became shorter in between.",
    discogs.SellerSettings: "The account's owner fills them in at Discogs, under Settings; then run it again.",
    discogs.Invalid: "Mend what Discogs names; if it names nothing, report what `rekkrd --debug …` shows.",
    discogs.Unavailable: _LATER,
    discogs.PermitExpired: "Run the command again: this machine was too slow to send it, and nothing was sent.",
    engine.EngineError: _TRACEBACK,
    engine.NotConfigured: _SETTINGS,
    limiter.LimiterError: "Run the command again: nothing was sent to Discogs.",
    limiter.GaveUp: "Run the command again when the line is shorter; `rekkrd jobs` shows who is in it.",
    limiter.Stopped: "Run the command again if it was not you who ended it.",
    limiter.GateClosed: "Run the command again after that; jobs go on by themselves.",
    limiter.LimiterUnavailable: "Check REDIS_URL, and that the server runs. Jobs wait meanwhile, none is lost.",
}


def next_step_after(error: Exception) -> str | None:
    """Return what to do: the error's own word if it has one, else the nearest ancestor's."""
    if isinstance(error, ActorError | ServiceError):
        return error.next_step
    if isinstance(error, db.EnqueueRefused):
        return error.hint
    return next((NEXT_STEPS[kind] for kind in type(error).__mro__ if kind in NEXT_STEPS), None)
