from __future__ import annotations

import datetime

import pytest

from everstore_client.errors import NotAcceptable, UnreadableEvent
from everstore_client.event import PLAIN, Encoded, Event, encode_raw, parse, parse_stamped


def test_data_is_written_compactly_and_readably() -> None:
    assert (
        Event("user.Created", {"name": "Pär", "tags": [1, None]}).line == 'user.Created {"name":"Pär","tags":[1,null]}'
    )


def test_no_data_is_null() -> None:
    assert Event("a").line == "a null"


def test_newlines_and_nuls_in_data_stay_on_the_line() -> None:
    assert Event("a", "x\n\0\r").line == 'a "x\\n\\u0000\\r"'


def test_json_is_parsed_when_it_is_looked_at() -> None:
    event = parse("a {broken")
    assert event.type == "a"
    assert event.json == "{broken"
    with pytest.raises(UnreadableEvent):
        _ = event.data


def test_data_is_parsed_once() -> None:
    event = parse('a {"x":1}')
    assert event.data is event.data


def test_a_line_without_data_is_still_an_event() -> None:
    assert (parse("a").type, parse("a").json) == ("a", "")


def test_a_timestamp_is_an_aware_utc_datetime() -> None:
    event = parse_stamped('2015-08-02T16:23:02.580 a {"x":1}')
    assert event.timestamp == datetime.datetime(2015, 8, 2, 16, 23, 2, 580000, tzinfo=datetime.UTC)
    assert event.line == 'a {"x":1}'


def test_a_line_that_starts_with_no_timestamp_is_told() -> None:
    with pytest.raises(UnreadableEvent):
        _ = parse_stamped("not a timestamp at all a 1").timestamp


def test_events_are_equal_by_what_they_say() -> None:
    assert Event("a", {"x": 1, "y": 2}) == parse('a {"y":2,"x":1}')
    assert Event("a", 1) != Event("b", 1)
    assert Event("a", 1) != parse_stamped("2015-08-02T16:23:02.580 a 1")
    assert Event("a", 1) != "a 1"


def test_an_event_shows_itself() -> None:
    assert repr(parse_stamped("2015-08-02T16:23:02.580 a 1")) == "Event('a', 1, 2015-08-02T16:23:02.580000+00:00)"
    assert repr(Event("a", "x")) == "Event('a', \"x\")"


def test_a_set_is_written_as_a_list() -> None:
    assert Event("a", {1, 2}).json == "[1,2]"


@pytest.mark.parametrize("data", [b"bytes", float("nan"), float("inf"), object(), {(1, 2): 3}])
def test_data_without_a_json_form_is_refused(data: object) -> None:
    with pytest.raises(NotAcceptable):
        _ = Event("a", data).line


def test_data_that_holds_itself_is_refused() -> None:
    data: list[object] = []
    data.append(data)
    with pytest.raises(NotAcceptable):
        _ = Event("a", data).line


def test_ready_json_is_taken_as_it_is() -> None:
    assert Event.from_json("a", '{"x": 1}').line == 'a {"x": 1}'
    for text in ("1\n2", "1\0"):
        with pytest.raises(NotAcceptable):
            Event.from_json("a", text)


def test_a_ready_line_is_split_at_its_first_space() -> None:
    assert encode_raw('a {"x": 1}') == Encoded('a {"x": 1}', ("a",))


@pytest.mark.parametrize("line", ["", "a", "a ", " a", "a,b 1", "\0 1"])
def test_a_ready_line_needs_a_type_and_data(line: str) -> None:
    with pytest.raises(NotAcceptable):
        encode_raw(line)


def test_without_a_registry_only_events_are_appended() -> None:
    assert PLAIN.encode(Event("a", 1)) == Encoded("a 1", ("a",))
    with pytest.raises(NotAcceptable, match="dict"):
        PLAIN.encode({"x": 1})
