from uuid import UUID

from cli.users import id_table, user_table
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


def test_ids_tell_users_of_one_name_apart_on_80_columns(drawn):
    people = [User(UUID(int=n), "ada" * 9, f"{'ada' * 9}@example.org", "archivist", "USD", "UTC") for n in (1, 2)]
    lines = drawn(id_table(people))
    assert max(map(len, lines)) <= 80
    assert [str(user.id) in line for user, line in zip(people, lines[1:], strict=True)] == [True, True]
