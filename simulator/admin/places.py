"""What every admin answer needs."""

from collections.abc import Callable
from typing import Any

from simulator.apparatus import Apparatus
from simulator.call import Answer, Request
from simulator.shapes import dumped

Places = tuple[str, ...]  # the variable parts of a path
Handler = Callable[[Apparatus, Request, Places], Answer]


def as_json(value: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, dumped(value))
