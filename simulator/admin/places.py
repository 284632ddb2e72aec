"""What every admin answer needs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.call import Answer, Request
from simulator.shapes import dumped

if TYPE_CHECKING:  # the service brings its requests here
    from simulator.service import Service

Places = tuple[str, ...]  # the variable parts of a path
Handler = Callable[["Service", Request, Places], Answer]


def as_json(value: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, dumped(value))
