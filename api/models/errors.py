"""The body of every answer that is not what was asked for."""

from pydantic import Field

from api.models import Model


class ErrorFacts(Model):
    """Why something was not done."""

    code: str = Field(description="One of a small set; it decides the status.", examples=["conflict"])
    reason: str = Field(description="Tells answers of one code apart, for programs.", examples=["handshake_used"])
    message: str = Field(description="A sentence for a person.", examples=["This hand-shake was finished before."])
    next_step: str = Field(description="What to do.", examples=["Begin the connection anew."])


class ErrorBody(Model):
    """The body of every answer that is not what was asked for."""

    error: ErrorFacts
