"""What goes over the wire, as pydantic models: the OpenAPI document is made of these."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Model(BaseModel):
    """Frozen, and nothing unknown is let in: a misspelt key is told, not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")
