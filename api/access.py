"""Who is asking: a bearer token says which role, and the application says for which of its users it speaks.

The dependencies are asynchronous: none blocks, and FastAPI would run plain functions in the routes' threads.
"""

import hashlib
import hmac
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.errors import ApiError, Code
from api.roles import Role
from api.settings import ApiSettings
from db.jobs import NOBODY

USER_HEADER = "X-Rekkrd-User"
OPERATOR_HEADER = "X-Rekkrd-Operator"

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token of REKKRD_API_TOKENS_APPLICATION or REKKRD_API_TOKENS_OPERATOR.",
)
_user = APIKeyHeader(
    name=USER_HEADER,
    auto_error=False,
    scheme_name="user",
    description="The id of the user for whom the application speaks; it answers for who is signed in there.",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. An operator speaks for nobody, so ``user_id`` is None."""

    role: Role
    user_id: UUID | None

    def may_see(self, user_id: UUID) -> bool:
        """Whether what belongs to this user is for the caller's eyes."""
        return self.role is Role.OPERATOR or self.user_id == user_id


def role_of(token: str, settings: ApiSettings) -> Role | None:
    """Return the role that a token opens, None for a stranger's. Every known token is compared, in constant time."""
    is_application = _is_among(token, settings.application_tokens)
    is_operator = _is_among(token, settings.operator_tokens)
    is_metrics = _is_among(token, settings.metrics_tokens)
    if is_operator:
        return Role.OPERATOR
    if is_application:
        return Role.APPLICATION
    return Role.METRICS if is_metrics else None


def _is_among(token: str, known: Sequence[str]) -> bool:
    """Compare with every known token; hashes, so that not even their length shows in the time it takes."""
    found = False
    for one in known:
        found |= hmac.compare_digest(_digest(token), _digest(one))
    return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def role(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Role:
    """Let in whoever brings a token of ours, whatever it opens."""
    settings: ApiSettings = request.app.state.settings
    found = None if credentials is None else role_of(credentials.credentials, settings)
    if found is None:
        raise ApiError(
            Code.UNAUTHORISED,
            "A bearer token is needed." if credentials is None else "This bearer token is not known.",
            "Send `Authorization: Bearer` with a token of REKKRD_API_TOKENS_APPLICATION or REKKRD_API_TOKENS_OPERATOR.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return found


async def program(found: Annotated[Role, Depends(role)], user: Annotated[str | None, Security(_user)]) -> Caller:
    """Let an application or an operator in; the application may speak for a user, or for itself."""
    if found is Role.METRICS:
        raise ApiError(Code.FORBIDDEN, "This token opens /metrics only.", "Use the application's or an operator's.")
    if found is Role.OPERATOR and user is not None:
        raise ApiError(
            Code.FORBIDDEN,
            f"{USER_HEADER} is for the application's token.",
            "Leave the header out; name the user in the body or the query.",
        )
    return Caller(found, None if user is None else _user_id(user))


async def caller(who: Annotated[Caller, Depends(program)]) -> Caller:
    """Let an application or an operator in. An application names its user; an operator names none."""
    if who.role is Role.APPLICATION and who.user_id is None:
        raise ApiError(Code.INVALID, f"{USER_HEADER} is missing.", f"Send `{USER_HEADER}` with the user's id.")
    return who


async def operator(found: Annotated[Role, Depends(role)]) -> None:
    """Let an operator in, nobody else."""
    if found is not Role.OPERATOR:
        raise ApiError(Code.FORBIDDEN, "Only an operator may do this.", "Use a token of REKKRD_API_TOKENS_OPERATOR.")


async def scraper(found: Annotated[Role, Depends(role)]) -> None:
    """Let in whoever may read the metrics: whose token is for that alone, or an operator."""
    if found is Role.APPLICATION:
        raise ApiError(
            Code.FORBIDDEN,
            "The application's token does not open the metrics.",
            "Use a token of REKKRD_API_TOKENS_METRICS or REKKRD_API_TOKENS_OPERATOR.",
        )


async def speaker(who: Annotated[Caller, Depends(caller)]) -> UUID:
    """Return the user for whom the application speaks; an operator speaks for nobody."""
    if who.user_id is None:
        raise ApiError(
            Code.FORBIDDEN,
            "Only the application may do this, for the user who asks there.",
            f"Use the application's token with {USER_HEADER}; operators have `rekkrd connect`.",
        )
    return who.user_id


def _user_id(text: str) -> UUID:
    with suppress(ValueError):
        if (user_id := UUID(text)) != NOBODY:  # under which the fleet's own work stands
            return user_id
    raise ApiError(Code.INVALID, f"{USER_HEADER} is no id.", f"Send `{USER_HEADER}` with the user's id, a UUID.")


async def acting(
    person: Annotated[
        str | None,
        Header(
            alias=OPERATOR_HEADER,
            max_length=64,
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@+-]*$",
            description="For operators: the person who acts, for the audit.",
        ),
    ] = None,
) -> str:
    """Say who acts, as it is remembered: a token names no person, this header may."""
    return "api" if person is None else f"api: {person.strip()}"


CallerNow = Annotated[Caller, Depends(caller)]
Program = Annotated[Caller, Depends(program)]
Acting = Annotated[str, Depends(acting)]
Speaker = Annotated[UUID, Depends(speaker)]
