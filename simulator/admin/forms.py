"""What requests to the admin API bring."""

from pydantic import BaseModel, ConfigDict, Field

from simulator.seeding import Oddness

USERNAME = r"^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$"  # no control characters, no space at either end


class Order(BaseModel):
    """What a request brings; unknown keys are refused, so that a typing error is not silence."""

    model_config = ConfigDict(extra="forbid")


class NewAccount(Order):
    """An account to be opened."""

    username: str = Field(min_length=1, pattern=USERNAME)
    records: int = Field(default=0, ge=0, le=1_000_000)
    wants: int = Field(default=0, ge=0, le=1_000_000)
    seed: int | None = None
    oddness: Oddness = Oddness.ALL
    copies: int = Field(default=1, ge=1)
    currency: str = "USD"
    is_private: bool = False
    has_seller_settings: bool = False
    has_own_fields: bool = True
    is_shop: bool = False
    location: str = ""
    like: str | None = None
    personal_token: str | None = None


class AccountChange(Order):
    """What can be changed about an account."""

    username: str | None = Field(default=None, min_length=1, pattern=USERNAME)
    currency: str | None = None
    is_private: bool | None = None
    has_seller_settings: bool | None = None
    is_shop: bool | None = None
    location: str | None = None
    is_unstable: bool | None = None


class CopyEdit(Order):
    """A copy as its owner edits it on discogs.com; ``notes`` are values by field number, empty ones go away."""

    folder_id: int | None = None
    rating: int | None = Field(default=None, ge=0, le=5)
    date_added: str | None = None
    notes: dict[int, str] = Field(default_factory=dict)


class NewCopy(CopyEdit):
    """A copy to be added."""

    release_id: int


class WantEdit(Order):
    """A wish as the collector edits it."""

    rating: int | None = Field(default=None, ge=0, le=5)
    notes: str | None = None
    date_added: str | None = None


class TokenToRevoke(Order):
    """One token, or with none all access tokens of the account."""

    token: str | None = None
