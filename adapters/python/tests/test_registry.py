"""Classes of every kind, both ways; what they hold; base classes; and what the registry does not know."""

from __future__ import annotations

import datetime
import decimal
import enum
import typing
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NewType

import attrs
import pydantic
import pytest

from everstore_client import Event, NotAcceptable, Registry, UnknownEventType, UnreadableEvent


class Colour(enum.Enum):
    RED = "red"


UserId = NewType("UserId", uuid.UUID)


@dataclass(frozen=True)
class Address:
    street: str
    since: datetime.date | None = None


@dataclass(frozen=True)
class Everything:
    when: datetime.datetime
    at: datetime.time
    price: decimal.Decimal
    user: UserId
    colour: Colour
    home: Address
    former: list[Address]
    by_name: dict[str, Address]
    pair: tuple[int, Address]
    many: tuple[Address, ...]
    tags: frozenset[str]
    maybe: Address | None
    absent: typing.Optional[Address]  # noqa: UP045
    noted: Annotated[Address, "new"]
    sequence: Sequence[Address]
    mapping: Mapping[str, int]
    union: int | str
    kind: Literal["a", "b"]
    anything: Any
    computed: int = field(default=7, init=False)


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)


@attrs.frozen
class Renamed:
    name: str
    _secret: int = 0
    address: Address | None = None


class Moved(pydantic.BaseModel):
    street: str
    at: datetime.datetime


class Tagged(dict[str, Any]):
    """A plain dict with a class of its own."""


class Point:
    def __init__(self, x: int) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and self.x == other.x

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def registry() -> Registry:
    registry: Registry = Registry()
    registry.add(Everything, "Everything")
    registry.add(Tree, "Tree")
    registry.add(Renamed, "user.Renamed")
    registry.add(Moved, "user.Moved")
    registry.add(Tagged, "user.Tagged")
    registry.add(Address, "Address")
    registry.add(Point, "Point", encode=lambda point: [point.x], decode=lambda data: Point(*data))
    registry.plain("user.Plain")
    return registry


HOME = Address("Götgatan 1", datetime.date(2015, 8, 2))
NOW = datetime.datetime(2015, 8, 2, 16, 23, tzinfo=datetime.UTC)
EVERYTHING = Everything(
    NOW,
    datetime.time(16, 23),
    decimal.Decimal("12.50"),
    UserId(uuid.UUID(int=42)),
    Colour.RED,
    HOME,
    [HOME, Address("x")],
    {"a": HOME},
    (1, HOME),
    (HOME, HOME),
    frozenset({"a"}),
    HOME,
    None,
    HOME,
    [HOME],
    {"a": 1},
    "text",
    "a",
    {"free": [1]},
)


@pytest.mark.parametrize(
    ("event", "type_"),
    [
        (EVERYTHING, "Everything"),
        (Tree("a", [Tree("b"), Tree("c", [Tree("d")])]), "Tree"),
        (Renamed("Pär", 7, HOME), "user.Renamed"),
        (Moved(street="x", at=NOW), "user.Moved"),
        (Tagged(a=1), "user.Tagged"),
        (Point(3), "Point"),
        (Event("user.Plain", {"a": [1]}), "user.Plain"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_there_and_back(registry: Registry, event: object, type_: str) -> None:
    line, types = registry.encode(event)
    assert types == (type_,)
    assert line.startswith(f"{type_} ")
    (back,) = registry.decode_lines([line])
    assert back == event
    assert type(back) is type(event)


def test_what_stands_in_the_journal_is_compact_json(registry: Registry) -> None:
    assert registry.encode(Address("Götgatan")).line == 'Address {"street":"Götgatan","since":null}'
    assert registry.encode(Renamed("x")).line == 'user.Renamed {"name":"x","_secret":0,"address":null}'


def test_fields_may_come_and_go(registry: Registry) -> None:
    """A field that is gone is left out, one that is new takes its default: old journals stay readable."""
    assert registry.decode_lines(['Address {"street":"x","gone":1}']) == [Address("x")]


def test_an_event_read_with_its_timestamp_can_be_decoded(registry: Registry) -> None:
    assert registry.decode(Event("Address", {"street": "x"})) == Address("x")


@pytest.mark.parametrize(
    "line",
    [
        "Address {}",
        "Address 1",
        "Address {broken",
        "Address",
        'user.Moved {"street":"x"}',
        "Point 7",
        'Tree {"name":"x","children":3}',
    ],
)
def test_data_that_does_not_fit_is_told_with_its_type(registry: Registry, line: str) -> None:
    with pytest.raises(UnreadableEvent, match=line.split(" ")[0]):
        registry.decode_lines([line])


def test_an_unknown_type_is_named(registry: Registry) -> None:
    with pytest.raises(UnknownEventType, match=r"user\.Gone") as failure:
        registry.decode_lines(["user.Gone {}"])
    assert failure.value.type == "user.Gone"
    with pytest.raises(UnknownEventType):
        registry.class_of("user.Gone")


def test_an_unknown_class_is_named(registry: Registry) -> None:
    with pytest.raises(UnknownEventType, match="Colour"):
        registry.encode(Colour.RED)


def test_both_ways(registry: Registry) -> None:
    assert registry.type_of(Renamed) == "user.Renamed"
    assert registry.class_of("user.Renamed") is Renamed
    assert registry.class_of("user.Plain") is Event


def test_decorators_and_default_types() -> None:
    registry: Registry = Registry()

    @registry.event()
    @dataclass
    class Local:
        x: int

    assert registry.type_of(Local) == f"{Local.__module__}.{Local.__qualname__}"
    assert registry.decode_lines([registry.encode(Local(1)).line]) == [Local(1)]


def test_the_registry_may_stand_below_dataclass() -> None:
    registry: Registry = Registry()

    @dataclass
    @registry.event("Local")
    class Local:
        x: int

    assert registry.encode(Local(1)).line == 'Local {"x":1}'


def test_a_class_of_no_known_kind_is_told() -> None:
    registry: Registry = Registry()
    registry.add(Point, "Point")
    with pytest.raises(NotAcceptable, match="Point"):
        registry.encode(Point(1))


def test_a_union_of_classes_is_told() -> None:
    @dataclass
    class Either:
        which: Address | Colour

    registry: Registry = Registry()
    Either.__annotations__["which"] = Address | Colour
    registry.add(Either, "Either")
    with pytest.raises(UnreadableEvent, match="decode"):
        registry.decode_lines(['Either {"which":{}}'])


@pytest.mark.parametrize(
    "again",
    [
        lambda registry: registry.add(Address, "Other"),
        lambda registry: registry.add(Colour, "Address"),
        lambda registry: registry.plain("Address"),
        lambda registry: registry.add(Colour, "user.Plain"),
    ],
    ids=["class twice", "type twice", "plain after class", "class after plain"],
)
def test_nothing_is_registered_twice(registry: Registry, again: typing.Callable[[Registry], None]) -> None:
    with pytest.raises(ValueError, match="registered already"):
        again(registry)


def test_plain_may_be_said_again(registry: Registry) -> None:
    registry.plain("user.Plain", "user.Other")
    assert registry.class_of("user.Other") is Event


def test_a_type_that_cannot_be_is_refused(registry: Registry) -> None:
    with pytest.raises(NotAcceptable):
        registry.add(Colour, "a b")


class UserEvent:
    """A family."""


@dataclass
class Created(UserEvent):
    email: str


@dataclass
class Imported(Created):
    source: str


def test_base_classes_are_declared_only_when_asked() -> None:
    registry: Registry = Registry()
    registry.add(Created, "user.Created")
    registry.add(Imported, "user.Imported")
    assert registry.encode(Imported("a", "b")).types == ("user.Imported",)
    registry.add_base(UserEvent, "user.Event")
    assert registry.encode(Imported("a", "b")).types == ("user.Imported", "user.Event")
    registry.add_base(Created, "user.Created")
    assert registry.encode(Imported("a", "b")).types == ("user.Imported", "user.Created", "user.Event")
    assert registry.encode(Created("a")).types == ("user.Created", "user.Event")


def test_a_base_can_be_declared_by_a_decorator() -> None:
    registry: Registry = Registry()

    @registry.base("family")
    class Family:
        pass

    @registry.event("member")
    @dataclass
    class Member(Family):
        x: int

    assert registry.encode(Member(1)).types == ("member", "family")
