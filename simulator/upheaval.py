"""Faults that change the world or the caller before the answer: edits in between, privacy, another name."""

from random import Random

from simulator.accounts import Account, Lie
from simulator.call import NOBODY, Call
from simulator.faults import Fault
from simulator.records import GRADES, MEDIA
from simulator.seeding import FIRST_RELEASE, RELEASES
from simulator.world import World


def shake(fault: Fault, call: Call) -> None:
    """Carry out what a fault does before the answer; for other kinds nothing."""
    if fault.kind == "anonymous":
        call.caller = NOBODY
        return
    account = _concerned(fault, call)
    if account is None:
        return
    match fault.kind:
        case "unstable":
            account.is_unstable = True
        case "wrong_count":
            account.lie = Lie(fault.items, fault.pages)
        case "edits":
            for _ in range(fault.edits):
                edit_randomly(call.world, account, fault.rng)
        case "private":
            account.profile.is_private = True
            call.world.changes += 1
        case "rename":
            account.profile.username = fault.new_name or f"{account.profile.username}_renamed"
            call.world.changes += 1
        case _:
            pass


def edit_randomly(world: World, account: Account, rng: Random) -> None:
    """Edit as a collector would meanwhile on discogs.com: add, remove or regrade a random copy."""
    instances = tuple(account.instances)
    choice = rng.randrange(3)
    if choice == 0 or not instances:
        release_id = FIRST_RELEASE + rng.randrange(RELEASES)
        while not world.catalogue.exists(release_id):
            release_id += 1
        world.add_copy(account, release_id)
    elif choice == 1:
        world.remove_copy(account, rng.choice(instances))
    else:
        world.note_copy(account, rng.choice(instances), MEDIA, rng.choice(GRADES))


def _concerned(fault: Fault, call: Call) -> Account | None:
    """Return the account that a fault names, else the one in the path, else the caller's."""
    name = fault.user or call.places.get("username")
    return call.world.account(name) if name else call.caller.account
