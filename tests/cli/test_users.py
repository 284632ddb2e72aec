from uuid import UUID

from cli.users import user_table
from db.links import Link
from db.shelf import Size
from db.users import User


def link(user_id, **said):
    row = dict.fromkeys(Link.__dataclass_fields__)
    return Link(
        **{**row, "user_id": user_id, "username": "mina_spins", "state": "connected", "is_partial": False, **said}
    )


def test_users_are_listed_with_how_their_connection_stands(drawn):
    ids = [UUID(int=number) for number in range(1, 4)]
    people = [User(each, f"user{each.int}", None, "archivist", "USD", "UTC") for each in ids]
    known = {ids[0]: link(ids[0]), ids[1]: link(ids[1], state="needs_reconnect", is_partial=True)}
    lines = drawn(user_table(people, known, {each: Size(12_000, 50) for each in ids}))
    assert max(map(len, lines)) <= 80
    assert "needs reconnect" in lines[2]
    assert "12,000*" in lines[2]
    assert "not connected" in lines[3]
    assert "free tier" in lines[4]
