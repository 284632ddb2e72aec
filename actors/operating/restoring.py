"""After the database came back from a backup: the ledger knows less than Discogs and the app, and acts accordingly."""

from actors.catalog import CATALOG
from actors.checkpoints import Stage
from db import Connection, operations, restores
from db.restores import Restore, Uncertain

# An import that links albums has closed its walk already; before that, pages that it read may have changed since.
WALKING = (Stage.IDENTITY, Stage.FOLDERS, Stage.FIELDS, Stage.PAGES)


def look(conn: Connection) -> Uncertain:
    """Say what is uncertain after a restore, and change nothing."""
    kinds = [kind.name for kind in CATALOG.values() if kind.is_import]
    return restores.look(conn, kinds=kinds, stages=WALKING)


def note(conn: Connection, *, by: str) -> Restore:
    """Do what a restore asks for, and leave an audit row; see docs/operating.md for what and why."""
    noted = restores.note(conn, look(conn), by=by)
    target = {"known_until": None if noted.known_until is None else noted.known_until.isoformat(timespec="seconds")}
    operations.audit(conn, by=by, action="restored", target=target, jobs=noted.leases + noted.walks)
    return noted
