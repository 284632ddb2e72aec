"""JSON types that fields accept, so that no value of another type is converted silently."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime

_NAMES: Mapping[Any, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    Decimal: ((int, float, str, Decimal), "a number"),
    str: ((str,), "a string"),
    UUID: ((str, UUID), "an identifier"),
    AwareDatetime: ((str, datetime), "a time with its zone, such as 2026-12-01T06:30:00Z"),
    NoneType: ((NoneType,), "null"),
}


def missed(annotation: Any, value: Any) -> str | None:
    """Return what the value should be, or None if its JSON type fits. Other annotations are left to pydantic."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, NewType):
        return missed(annotation.__supertype__, value)
    if origin is Annotated:
        return missed(inner[0], value)
    if origin in (Union, UnionType):
        answers = [missed(one, value) for one in inner]
        return None if None in answers else " or ".join(dict.fromkeys(each for each in answers if each))
    if origin in (list, tuple, Sequence) and isinstance(value, list) and inner:
        return next((f"a list: each {what}" for each in value if (what := missed(inner[0], each))), None)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return None if isinstance(value, (str, annotation)) else "a string"
    types, name = _NAMES.get(annotation, ((object,), ""))
    is_wrong_bool = isinstance(value, bool) and bool not in types and object not in types
    return name if is_wrong_bool or not isinstance(value, types) else None
