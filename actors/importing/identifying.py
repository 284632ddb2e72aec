"""Who we are on Discogs: the account's number decides, its name may change."""

from actors.checkpoints import ImportCheckpoint, Stage
from db import Connection, links
from db.links import Account
from discogs.records.people import Identity
from workers.errors import JobFailed
from workers.kinds import Continue, NoArguments, Step

ImportStep = Step[NoArguments, ImportCheckpoint]


def account_of(step: ImportStep) -> Account:
    """Return the account that the import began with. Raises JobFailed when it is another one now."""
    account = step.account
    if account is None:
        raise JobFailed("NotConnected", "This account is not connected to Discogs: connect it, then import again.")
    if step.checkpoint.account_id not in (None, account.discogs_user_id):
        raise JobFailed("AnotherAccount", "The account was connected anew meanwhile, as another one: import again.")
    return account


def ask_identity(step: ImportStep) -> Identity:
    """Ask who we are. Raises JobFailed when it is somebody else: then nothing is touched."""
    account = account_of(step)
    identity = step.discogs.identity()
    if identity.id != account.discogs_user_id:
        raise JobFailed(
            "AnotherAccount",
            f"Discogs says that we speak for {identity.username!r}, not for {account.username!r}. Nothing was changed: "
            "connect the right account, then import again.",
        )
    return identity


def store_identity(
    conn: Connection, step: ImportStep, identity: Identity, following: Stage
) -> Continue[ImportCheckpoint]:
    """Note that it is us, under which name, and go on there."""
    account = account_of(step)
    links.check_identity(conn, step.user_id)
    if identity.username != account.username:
        links.rename(conn, step.user_id, discogs_user_id=identity.id, username=identity.username)
    checkpoint = step.checkpoint.model_copy(update={"stage": following, "account_id": account.discogs_user_id})
    return Continue(checkpoint, step.progress)
