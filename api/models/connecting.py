"""Hand-shakes, and the account that is connected in the end."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from actors.accounts.connect import Connected
from actors.accounts.forget_collection import Removal
from api.models import Body, Model, Short

# A page to go back to is a link on our own page: nothing but http and https may stand there.
WebAddress = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\"'<>\\]+$")]


class BeginBody(Body):
    """How a hand-shake shall come back."""

    callback_url: WebAddress | None = Field(
        default=None,
        description="Where Discogs sends the browser; DISCOGS_CALLBACK_URL otherwise, or our own page.",
        examples=["https://app.example/discogs/callback"],
    )
    return_to: WebAddress | None = Field(
        default=None,
        description="A link on our own last page, back to the app.",
        examples=["https://app.example/shelf"],
    )


class BegunOut(Model):
    """A hand-shake under way."""

    authorize_url: str = Field(description="Send the browser here when your own callback ends the hand-shake.")
    request_token: str = Field(description="Names this hand-shake; Discogs sends it back as `oauth_token`.")
    begin_url: str | None = Field(
        description="Send the browser here instead when our own page ends the hand-shake: there it is given its "
        "cookie. Good for one browser, once; for the signed-in user's eyes only. Null when the callback is not ours."
    )
    expires_at: datetime


class CompleteBody(Body):
    """What Discogs sent to the app's callback."""

    request_token: Short = Field(description="`oauth_token`, or `denied`, of the callback's query.")
    verifier: Short | None = Field(default=None, description="`oauth_verifier` of the callback's query.")
    denied: bool = Field(default=False, description="True when the query had `denied` in place of a verifier.")


class ConnectedOut(Model):
    """The account that is connected now."""

    user_id: UUID
    username: str = Field(examples=["crates"])
    discogs_user_id: int = Field(examples=[12579295])
    num_collection: int | None = Field(
        description="Records in the collection, by Discogs' own count.", examples=[10043]
    )
    num_wantlist: int | None = Field(examples=[12])

    @classmethod
    def of(cls, connected: Connected) -> "ConnectedOut":
        return cls(**{name: getattr(connected, name) for name in cls.model_fields})


class DisconnectBody(Body):
    """How thoroughly to disconnect."""

    data: Literal["keep", "remove"] = Field(
        default="keep",
        description="`remove` has a job remove everything that came from Discogs, with albums that an import made and "
        "nobody touched. `GET /api/discogs/auth/removal` counts first; `GET /api/discogs/export` keeps a copy.",
    )
    forget_account: bool = Field(
        default=False,
        description="Also delete what is known from Discogs and unbind the account, so that another can be connected. "
        "Albums stay.",
    )


class DisconnectedOut(Model):
    """What ended."""

    was_connected: bool
    cancelled_jobs: list[UUID] = Field(
        description="Jobs that spoke for the account; one under way ends after its step."
    )
    removal_job: UUID | None = Field(description="The job that removes the data; null when it stays.")


class RemovalOut(Model):
    """What a removal would do. Nothing changed."""

    albums_removed: int = Field(description="Albums that an import made and nobody touched since.")
    albums_kept: int = Field(
        description="Albums that were there before, that somebody edited, or that the app's own tables refer to: they "
        "stay, without what ties them to the account."
    )
    rows: dict[str, int] = Field(description="Rows that would go, by table.", examples=[{"instances": 10043}])
    sentence: str

    @classmethod
    def of(cls, removal: Removal) -> "RemovalOut":
        return cls(
            albums_removed=removal.albums_removed,
            albums_kept=removal.albums_kept,
            rows=dict(removal.rows),
            sentence=removal.sentence,
        )
