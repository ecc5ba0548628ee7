"""Which class stands for which event type, both ways.

```python
registry = Registry()


@registry.event("user.Created")
@dataclass(frozen=True)
class UserCreated:
    email: str
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

from . import json_text
from .errors import NotAcceptable, UnknownEventType, UnreadableEvent
from .event import Encoded, Event, parse
from .names import event_type
from .structure import fields_of, is_pydantic, object_builder

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    E = TypeVar("E", default=Any)
    K = TypeVar("K", bound=type)
else:  # The default is for type checkers alone: the standard library's TypeVar takes one from Python 3.13 on.
    from typing import TypeVar

    E = TypeVar("E")
    K = TypeVar("K", bound=type)

ToText = Callable[[Any], str]
FromText = Callable[[str], Any]


class Entry(NamedTuple):
    """What is registered for one class: its type, and the functions that were given for its JSON text, if any."""

    cls: type
    type: str
    encode: Callable[[Any], Any] | None
    decode: Callable[[Any], Any] | None


class Ready(NamedTuple):
    """An entry made ready at its first use, when decorators above the registry's have done their work."""

    prefix: str
    types: tuple[str, ...]
    to_text: ToText


class Registry(Generic[E]):
    """Maps event types to classes and back: dataclasses, attrs classes, pydantic models, subclasses of `dict`, and any
    other class that comes with two functions. Register everything before the registry is used by several threads.

    `E` is what reading gives: `Registry[UserEvent]()` for type checkers, or plain `Registry()`.
    """

    def __init__(self) -> None:
        self._by_class: dict[type, Entry] = {}
        self._by_type: dict[str, Entry | None] = {}
        self._bases: dict[type, str] = {}
        self._ready: dict[type, Ready] = {}
        self._readers: dict[str, FromText] = {}

    def event(
        self,
        type: str | None = None,  # noqa: A002
        *,
        encode: Callable[[Any], Any] | None = None,
        decode: Callable[[Any], Any] | None = None,
    ) -> Callable[[K], K]:
        """A class decorator; see `add`. Put it above `@dataclass` or `@attrs.define`."""

        def register(cls: K) -> K:
            self.add(cls, type, encode=encode, decode=decode)
            return cls

        return register

    def add(
        self,
        cls: type[Any],
        type: str | None = None,  # noqa: A002
        *,
        encode: Callable[[Any], Any] | None = None,
        decode: Callable[[Any], Any] | None = None,
    ) -> None:
        """Let `type` stand for `cls`. Without one it is `module.QualifiedName`, which changes with the class's name.

        Args:
            encode: from an object to what JSON can say. Not needed for the kinds of classes named above.
            decode: from parsed JSON to an object.

        Raises:
            ValueError: the class or the type stands for something else already.
        """
        name = event_type(type or f"{cls.__module__}.{cls.__qualname__}")
        if cls in self._by_class or name in self._by_type:
            raise ValueError(f"{cls.__qualname__} or the event type {name} is registered already")
        self._by_class[cls] = self._by_type[name] = Entry(cls, name, encode, decode)

    def plain(self, *types: str) -> None:
        """Let these types be read as `Event`, whose `data` is plain JSON values; an `Event` is appended as it is."""
        for name in types:
            if self._by_type.setdefault(event_type(name)) is not None:
                raise ValueError(f"the event type {name} is registered already")

    def base(self, type: str | None = None) -> Callable[[K], K]:  # noqa: A002
        """A class decorator; see `add_base`."""

        def register(cls: K) -> K:
            self.add_base(cls, type)
            return cls

        return register

    def add_base(self, cls: type[Any], type: str | None = None) -> None:  # noqa: A002
        """Let commits of every event whose class derives from `cls` declare `type` as well.

        Two transactions that append different events of one family then conflict. The base may be an event itself.
        """
        self._bases[cls] = event_type(type or f"{cls.__module__}.{cls.__qualname__}")
        self._ready.clear()

    def type_of(self, cls: type[Any]) -> str:
        """The type that stands for a class.

        Raises:
            UnknownEventType: it is not registered.
        """
        return self._entry(cls).type

    def class_of(self, type: str) -> type[Any]:  # noqa: A002
        """The class that stands for a type; `Event` for one that is registered as plain.

        Raises:
            UnknownEventType: it is not registered.
        """
        entry = self._type_entry(type)
        return entry.cls if entry else Event

    def encode(self, event: object) -> Encoded:
        """The line of an event, and the types that its commit declares: its own, then those of its base classes.

        Raises:
            UnknownEventType: its class is not registered.
            NotAcceptable: JSON cannot say it.
        """
        cls = type(event)
        if isinstance(event, Event):
            return Encoded(event.line, (event.type,))
        ready = self._ready.get(cls) or self._make_ready(cls)
        return Encoded(ready.prefix + ready.to_text(event), ready.types)

    def decode(self, event: Event) -> E:
        """The object of an event, for instance of one that was read with its timestamp.

        Raises:
            UnknownEventType: its type is not registered.
            UnreadableEvent: its data does not fit the class.
        """
        return self.decode_lines([event.line])[0]

    def decode_lines(self, lines: list[str]) -> list[E]:
        """The objects of lines as they stand in a journal, without timestamps. Raises as `decode` does."""
        return [self._decode_line(line) for line in lines]

    def _decode_line(self, line: str) -> Any:
        name, _, text = line.partition(" ")
        read = self._readers.get(name) or self._make_reader(name)
        try:
            return read(text)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise UnreadableEvent(f"an event of type {name} does not fit its class: {error}: {text[:200]}") from error

    def _entry(self, cls: type) -> Entry:
        try:
            return self._by_class[cls]
        except KeyError:
            name = cls.__qualname__
            raise UnknownEventType(f"the class {name} is not registered for any event type", name) from None

    def _type_entry(self, name: str) -> Entry | None:
        try:
            return self._by_type[name]
        except KeyError:
            raise UnknownEventType(f"the event type {name} is not registered for any class", name) from None

    def _make_ready(self, cls: type) -> Ready:
        entry = self._entry(cls)
        further = [self._bases[base] for base in cls.__mro__ if base in self._bases]
        types = tuple(dict.fromkeys((entry.type, *further)))
        ready = self._ready[cls] = Ready(f"{entry.type} ", types, _writer(entry))
        return ready

    def _make_reader(self, name: str) -> FromText:
        entry = self._type_entry(name)
        read = self._readers[name] = _reader(entry) if entry else lambda text: parse(f"{name} {text}")
        return read


def _writer(entry: Entry) -> ToText:
    encode, cls = entry.encode, entry.cls
    if encode is not None:
        return lambda event: json_text.dump(encode(event))
    if is_pydantic(cls):
        return lambda event: str(event.model_dump_json(by_alias=True))
    _require_known_kind(cls)
    return json_text.dump


def _reader(entry: Entry) -> FromText:
    decode, cls = entry.decode, entry.cls
    if decode is not None:
        return lambda text: decode(json_text.load(text))
    if is_pydantic(cls):
        return cls.model_validate_json  # type: ignore[attr-defined, no-any-return]
    _require_known_kind(cls)
    build = cls if issubclass(cls, dict) else object_builder(cls)
    return lambda text: build(json_text.load(text))


def _require_known_kind(cls: type) -> None:
    if fields_of(cls) is None and not issubclass(cls, dict):
        raise NotAcceptable(
            f"{cls.__qualname__} is no dataclass, attrs class, pydantic model or dict: register it above its other"
            " decorators, or with encode and decode functions"
        )
