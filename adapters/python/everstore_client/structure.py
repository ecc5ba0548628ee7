"""Objects to plain values and back, by annotations: dataclasses, attrs classes, and what stands in their fields.

`plain_form` is asked by the JSON encoder for each object that it does not know, so nested ones need no code here.
`builder` compiles an annotation once into a function that turns parsed JSON into the annotated class.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import functools
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

Build = Callable[[Any], Any]


class Field(NamedTuple):
    """One field: its name in JSON, and its parameter's name in the constructor."""

    name: str
    parameter: str


_FIELDS: dict[type, tuple[Field, ...] | None] = {}


def fields_of(cls: type) -> tuple[Field, ...] | None:
    """The fields that the constructor of a dataclass or attrs class takes; None for any other class."""
    if cls not in _FIELDS:
        _FIELDS[cls] = _find_fields(cls)
    return _FIELDS[cls]


def _find_fields(cls: type) -> tuple[Field, ...] | None:
    if dataclasses.is_dataclass(cls):
        return tuple(Field(field.name, field.name) for field in dataclasses.fields(cls) if field.init)
    attributes = getattr(cls, "__attrs_attrs__", None)
    if attributes is None:
        return None
    return tuple(Field(each.name, each.alias) for each in attributes if each.init)


def is_pydantic(cls: type) -> bool:
    return hasattr(cls, "model_dump_json") and hasattr(cls, "model_validate_json")


_PLAIN_FORMS: dict[type, Callable[[Any], Any]] = {
    datetime.datetime: datetime.datetime.isoformat,
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    decimal.Decimal: str,
    uuid.UUID: str,
    set: list,
    frozenset: list,
    types.MappingProxyType: dict,
}


def plain_form(value: Any) -> Any:
    """What the JSON encoder shall write for an object that it does not know.

    Raises:
        TypeError: nothing is known about its class either.
    """
    cls = type(value)
    if form := _PLAIN_FORMS.get(cls):
        return form(value)
    if isinstance(value, enum.Enum):
        return value.value
    if is_pydantic(cls):
        return value.model_dump(mode="json", by_alias=True)
    fields = fields_of(cls)
    if fields is None:
        raise TypeError(f"{cls.__qualname__} is neither a dataclass, an attrs class, a pydantic model nor plain data")
    return {name: getattr(value, name) for name, _ in fields}


_FROM_TEXT: dict[Any, Build] = {
    datetime.datetime: datetime.datetime.fromisoformat,
    datetime.date: datetime.date.fromisoformat,
    datetime.time: datetime.time.fromisoformat,
    decimal.Decimal: lambda value: decimal.Decimal(str(value)),
    uuid.UUID: uuid.UUID,
}
_COLLECTIONS: dict[Any, Callable[[collections.abc.Iterable[Any]], Any]] = {
    list: list,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: list,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
}
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def as_it_is(value: Any) -> Any:
    return value


def builder(annotation: Any) -> Build:
    """The function that makes an annotated value from its plain form.

    Raises:
        TypeError: a union of several classes, which JSON does not tell apart.
    """
    if annotation in _FROM_TEXT:
        return _FROM_TEXT[annotation]
    origin = typing.get_origin(annotation)
    if origin is not None:
        return _generic_builder(origin, typing.get_args(annotation))
    if isinstance(annotation, typing.NewType):
        return builder(annotation.__supertype__)
    return _class_builder(annotation) if isinstance(annotation, type) else as_it_is


def _class_builder(cls: type) -> Build:
    if issubclass(cls, enum.Enum):
        return cls
    if is_pydantic(cls):
        return typing.cast(Build, cls.model_validate)  # type: ignore[attr-defined]
    if fields_of(cls) is not None:
        return object_builder(cls)
    return cls if cls in (set, frozenset, tuple) else as_it_is


def _generic_builder(origin: Any, arguments: tuple[Any, ...]) -> Build:
    if origin in (typing.Union, types.UnionType):
        return _union_builder(arguments)
    if origin is typing.Annotated:
        return builder(arguments[0])
    if origin is tuple:
        return _tuple_builder(arguments)
    if origin in _COLLECTIONS:
        collect, build = _COLLECTIONS[origin], builder(arguments[0])
        return lambda values: collect(map(build, values))
    if origin in _MAPPINGS:
        build = builder(arguments[1])
        return lambda values: {key: build(value) for key, value in values.items()}
    return _class_builder(origin) if isinstance(origin, type) else as_it_is


def _tuple_builder(arguments: tuple[Any, ...]) -> Build:
    if arguments[-1:] == (Ellipsis,):
        build = builder(arguments[0])
        return lambda values: tuple(map(build, values))
    builds = [builder(argument) for argument in arguments]
    return lambda values: tuple(build(value) for build, value in zip(builds, values, strict=True))


def _union_builder(arguments: tuple[Any, ...]) -> Build:
    """`X | None` is built as X; a union of plain JSON values is left alone."""
    builds = [builder(argument) for argument in arguments if argument is not types.NoneType]
    if all(build is as_it_is for build in builds):
        return as_it_is
    if len(builds) > 1:
        raise TypeError(f"JSON does not tell the classes of {arguments} apart: give the registry a decode function")
    build = builds[0]
    return lambda value: None if value is None else build(value)


def object_builder(cls: type) -> Build:
    """The function that makes a dataclass or attrs object from a dict; keys that are no field are left out.

    It is compiled at its first use, so that a class may hold itself.
    """

    @functools.cache
    def compiled() -> list[tuple[str, str, Build]]:
        hints = typing.get_type_hints(cls)
        return [(name, parameter, builder(hints.get(name, Any))) for name, parameter in fields_of(cls) or ()]

    def build(values: dict[str, Any]) -> Any:
        return cls(**{parameter: make(values[name]) for name, parameter, make in compiled() if name in values})

    return build
