"""Accounts over a restart: one JSON file, replaced as a whole."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.accounts import Account, Profile
from simulator.records import Field, Instance, Want
from simulator.world import World

VERSION = 1


class StateUnreadable(Exception):
    """The state file is not one of ours, or broken."""


async def keep(world: World, file: Path | None, seconds: float) -> None:
    """Save whenever something changed since the last time."""
    saved = world.changes
    while file is not None:
        await asyncio.sleep(seconds)
        if world.changes != saved:
            saved = world.changes
            save_or_say(world, file)


def save_or_say(world: World, file: Path) -> None:
    """Write the state; a full disk is said and does not end the simulator."""
    try:
        save(world, file)
    except OSError as error:
        sys.stderr.write(f"The simulator's state was not written to {file}: {error.strerror}.\n")


def save(world: World, file: Path) -> None:
    """Write everything that outlives the process."""
    with world.lock:
        content = json.dumps(
            {
                "version": VERSION,
                "seed": world.seed,
                "next_instance": world.next_instance,
                "revoked": sorted(world.revoked),
                "accounts": [_written(each) for each in world.accounts.values()],
            }
        )
    fresh = file.with_suffix(f"{file.suffix}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds personal tokens
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)


def load(world: World, file: Path) -> bool:
    """Take up what a file remembers. False when there is none, or one of another seed. Raises StateUnreadable."""
    if not file.exists():
        return False
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != VERSION or content["seed"] != world.seed:
            return False
        accounts = [_read(each, world) for each in content["accounts"]]
        world.next_instance, world.revoked = int(content["next_instance"]), set(content["revoked"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise StateUnreadable(f"The state file {file} cannot be read. Remove it to begin anew.") from error
    world.accounts.update({each.profile.id: each for each in accounts})
    return True


def _written(account: Account) -> dict[str, Any]:
    return {
        "profile": asdict(account.profile),
        "fields": [asdict(each) for each in account.fields.values()],
        "folders": list(account.folders.items()),
        "instances": [
            [each.id, each.release_id, each.folder_id, each.added, each.rating, list(each.notes.items())]
            for each in account.instances.values()
        ],
        "wants": [[each.release_id, each.added, each.rating, each.notes] for each in account.wants.values()],
    }


def _read(content: dict[str, Any], world: World) -> Account:
    profile = Profile(**{**content["profile"], "seeded_from": tuple(content["profile"]["seeded_from"])})
    fields = tuple(Field(**{**each, "options": tuple(each["options"])}) for each in content["fields"])
    account = Account(profile, world.catalogue, fields)
    account.folders = dict(content["folders"])
    account.take(
        (Instance(each[0], each[1], each[2], each[3], each[4], dict(each[5])) for each in content["instances"]),
        (Want(*each) for each in content["wants"]),
    )
    return account
