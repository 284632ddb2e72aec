"""Secrets at rest: they open for their owner and column, with a key we have, and never otherwise."""

import base64
from uuid import UUID

import pytest

from db.errors import BadKey, SealBroken, WrongKey
from db.sealing import Keys, is_current, seal, unseal

OLD, NEW = "aa" * 32, "bb" * 32
ADA, BEN = UUID(int=1), UUID(int=2)


def test_a_secret_opens_for_its_owner_and_column_only() -> None:
    keys = Keys.parse(OLD)
    text = seal(keys, ADA, "token", "hush ☂")
    assert "hush" not in text
    assert unseal(keys, ADA, "token", text) == "hush ☂"
    for owner, column in ((BEN, "token"), (ADA, "secret")):
        with pytest.raises(SealBroken, match="does not open"):
            unseal(keys, owner, column, text)


def test_the_same_secret_never_looks_the_same_twice() -> None:
    keys = Keys.parse(OLD)
    assert seal(keys, ADA, "token", "hush") != seal(keys, ADA, "token", "hush")


def test_an_old_key_opens_what_the_new_one_seals_no_more() -> None:
    text = seal(Keys.parse(OLD), ADA, "token", "hush")
    both = Keys.parse(f"{NEW},{OLD}")
    assert unseal(both, ADA, "token", text) == "hush"
    assert not is_current(both, text)
    assert is_current(both, seal(both, ADA, "token", "hush"))
    with pytest.raises(WrongKey, match=r"Put that key behind the present one.*rekkrd keys rotate"):
        unseal(Keys.parse(NEW), ADA, "token", text)


def test_another_key_under_the_same_id_is_said_to_be_that() -> None:
    text = seal(Keys.parse(f"k:{OLD}"), ADA, "token", "hush")
    with pytest.raises(SealBroken, match="another key under the id k"):
        unseal(Keys.parse(f"k:{NEW}"), ADA, "token", text)


@pytest.mark.parametrize("text", ["", "hush", "v1.k", "v1.k.!", "v2.k.AAAA", "v1.k." + "A" * 8])
def test_what_was_never_sealed_by_us_is_refused(text: str) -> None:
    with pytest.raises(SealBroken):
        unseal(Keys.parse(f"k:{OLD}"), ADA, "token", text)


@pytest.mark.parametrize(
    "encoded",
    [OLD, base64.b64encode(bytes.fromhex(OLD)).decode(), base64.urlsafe_b64encode(bytes.fromhex(OLD)).decode()],
)
def test_a_key_is_read_in_hex_and_in_base64_and_has_one_id(encoded: str) -> None:
    assert Keys.parse(encoded) == Keys.parse(OLD)


@pytest.mark.parametrize(
    "text", ["", "short", OLD[:-2], f"{OLD},", f"k:{OLD},k:{NEW}", f"{OLD},{OLD}", f"a b:{OLD}", "ü" * 64]
)
def test_a_key_that_cannot_be_one_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(BadKey) as caught:
        Keys.parse(text)
    assert OLD[:-2] not in str(caught.value)


def test_keys_stay_out_of_what_is_printed() -> None:
    assert OLD not in repr(Keys.parse(OLD))
    assert repr(bytes.fromhex(OLD)) not in repr(Keys.parse(OLD))
