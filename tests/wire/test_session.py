from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everstore.errors import Code
from everstore.wire.frames import Frame
from everstore.wire.layouts import HEADER, Type
from everstore.wire.session import NEXT, Credentials, Said, Session, State

MAX = 10_000
RIGHT = HEADER.pack(Type.AUTHENTICATE, 19, 5, 0, 0) + pack("<2I", 5, 6) + b"adminpasswd"
WRONG = HEADER.pack(Type.AUTHENTICATE, 19, 5, 0, 0) + pack("<2I", 5, 6) + b"adminPASSWD"
REQUEST = HEADER.pack(Type.EXISTS, 6, 7, 0, 0) + pack("<I", 2) + b"/a"
BROKEN = HEADER.pack(99, 0, 8, 0, 0)
OVERSIZE = HEADER.pack(Type.COMMIT, MAX + 1, 9, 0, 0)
LANE = HEADER.pack(Type.LANE, 4, 11, 0, 0) + pack("<I", 2)
MALFORMED_LANE = HEADER.pack(Type.LANE, 5, 11, 0, 0) + bytes(5)
RUBBISH = b"GET / HTTP/1.1\r\n\r\n\r\n"
ROUTED: Frame = (Type.EXISTS, 6, 7, 0, 0, REQUEST[20:])


def session(*heard: bytes) -> Session:
    made = Session(Credentials(b"admin", b"passwd"), MAX)
    for data in heard:
        made.receive(data)
    return made


def codes(of: Session) -> list[int]:
    return [reply[20] for reply in of.replies]


def test_the_table_says_what_follows_on_everything_that_can_be_said() -> None:
    verdicts = {Said.LOGIN_RIGHT, Said.LOGIN_WRONG, Said.DISMISSED}
    impossible = {(State.LOGIN, Said.REQUEST), (State.OPEN, Said.LOGIN_ASKED), (State.OPEN, Said.LANE_REFUSED)}
    impossible |= {(State.LOGIN, said) for said in (Said.LANE_ASKED, Said.LANE_REFUSED)}
    impossible |= {(State.LEAVING, said) for said in Said if said not in (Said.LANE_REFUSED, Said.DISMISSED)}
    impossible |= {(State.CLOSED, said) for said in Said}
    impossible |= {(State.VERIFYING, said) for said in Said if said not in verdicts}
    assert set(NEXT) == {(state, said) for state in State for said in Said} - impossible


@pytest.mark.parametrize(
    ("heard", "state", "errors"),
    [
        ([RIGHT], State.OPEN, []),
        ([WRONG], State.CLOSED, [2]),
        ([RIGHT, RIGHT], State.OPEN, []),
        ([RIGHT, WRONG], State.CLOSED, [2]),
        ([REQUEST], State.CLOSED, [1]),
        ([BROKEN], State.CLOSED, [1]),
        ([RUBBISH], State.CLOSED, [1]),
        ([RIGHT, BROKEN], State.OPEN, [1]),
        ([RIGHT, OVERSIZE], State.OPEN, [1]),
        ([LANE], State.CLOSED, [1]),
        ([RIGHT, LANE], State.LEAVING, []),
        ([RIGHT, MALFORMED_LANE], State.OPEN, [1]),
        ([RIGHT, RUBBISH], State.CLOSED, [1]),
        ([HEADER.pack(Type.AUTHENTICATE, 5000, 0, 0, 0)], State.CLOSED, [1]),
        ([RIGHT[:20] + RIGHT[20:].replace(b"\5", b"\6", 1)], State.CLOSED, [2]),
    ],
)
def test_each_row_of_the_table(heard: list[bytes], state: State, errors: list[int]) -> None:
    after = session(*heard)
    assert (after.state, codes(after)) == (state, errors)
    assert after.why or state in (State.OPEN, State.LEAVING)


def test_a_login_and_large_requests_may_come_in_one_packet() -> None:
    large = HEADER.pack(Type.EXISTS, 9000, 7, 0, 0) + bytes(9000)
    fresh = Session(Credentials(b"admin", b"passwd"), MAX)
    assert [frame[1] for frame in fresh.receive(RIGHT + large + REQUEST)] == [9000, 6]


def test_what_follows_a_wrong_login_is_not_heard() -> None:
    fresh = Session(Credentials(b"admin", b"passwd"), MAX)
    assert fresh.receive(WRONG + REQUEST) == []


def test_requests_in_front_of_rubbish_are_heard() -> None:
    fresh = session(RIGHT)
    assert fresh.receive(REQUEST + RUBBISH + REQUEST) == [ROUTED]
    assert fresh.state is State.CLOSED


def test_an_error_carries_the_uid_of_its_request() -> None:
    assert session(RIGHT, BROKEN).replies == [HEADER.pack(Type.ERROR, 4, 8, 0, 0) + pack("<I", 1)]


def undecided(*heard: bytes) -> Session:
    made = Session(None, MAX)
    for data in heard:
        assert made.receive(data) == []
    return made


def test_nothing_is_heard_behind_a_login_until_it_is_decided_and_then_all_of_it() -> None:
    asked = undecided(RIGHT + REQUEST)
    assert (asked.state, asked.login, asked.replies) == (State.VERIFYING, (b"admin", b"passwd"), [])
    assert asked.decide(Credentials(b"admin", b"passwd")) == [ROUTED]
    assert (asked.state, asked.login) == (State.OPEN, (b"", b""))
    assert asked.receive(RIGHT + REQUEST) == [ROUTED], "a further login that is the same changes nothing"
    assert asked.receive(WRONG + REQUEST) == []
    assert (asked.state, codes(asked)) == (State.CLOSED, [2])


def test_a_login_that_is_decided_to_be_wrong_is_answered_with_its_uid_and_what_follows_is_not_heard() -> None:
    asked = undecided(RIGHT + REQUEST)
    assert asked.decide(None) == []
    assert (asked.state, asked.replies) == (State.CLOSED, [HEADER.pack(Type.ERROR, 4, 5, 0, 0) + pack("<I", 2)])
    assert asked.why == "login failed: wrong user or password"


def test_what_comes_behind_the_request_for_a_lane_is_not_heard_here_unless_that_is_refused() -> None:
    asking = session(RIGHT)
    assert asking.receive(REQUEST + LANE + REQUEST + REQUEST[:9]) == [ROUTED]
    assert (asking.state, asking.lane, asking.unheard) == (State.LEAVING, (11, 2), REQUEST + REQUEST[:9])
    assert asking.refuse_lane(Code.NO_LANE, "not now") == [ROUTED]
    assert (asking.state, asking.why) == (State.OPEN, "not now")
    assert asking.replies == [HEADER.pack(Type.ERROR, 4, 11, 0, 0) + pack("<I", 18)]
    assert asking.receive(REQUEST[9:] + LANE + LANE) == [ROUTED]
    assert asking.refuse_lane(Code.NO_LANE, "nor now") == []
    assert (asking.state, asking.unheard) == (State.LEAVING, b"")


@pytest.mark.parametrize("cut", range(len(LANE)))
def test_a_request_for_a_lane_may_come_in_pieces(cut: int) -> None:
    asking = session(RIGHT)
    assert asking.receive(LANE[:cut]) == asking.receive(LANE[cut:] + REQUEST) == []
    assert (asking.state, asking.lane, asking.unheard) == (State.LEAVING, (11, 2), REQUEST)


def test_requests_behind_one_for_a_lane_that_came_with_the_login_are_kept() -> None:
    asking = session(RIGHT + LANE + REQUEST)
    assert (asking.state, asking.unheard) == (State.LEAVING, REQUEST)
    asking = undecided(RIGHT + LANE + REQUEST)
    assert asking.decide(Credentials(b"admin", b"passwd")) == []
    assert (asking.state, asking.unheard) == (State.LEAVING, REQUEST)


def test_one_that_leaves_may_be_dismissed() -> None:
    asking = session(RIGHT, LANE)
    asking.dismiss("the user is gone")
    assert (asking.state, asking.why) == (State.CLOSED, "the user is gone")


@pytest.mark.parametrize("heard", [[], [RIGHT], [WRONG]])
def test_one_that_is_dismissed_is_closed_without_an_answer(heard: list[bytes]) -> None:
    asked = undecided(*heard)
    asked.dismiss("for this reason")
    asked.dismiss("and for no other")
    assert (asked.state, asked.replies, asked.login, asked.why) == (State.CLOSED, [], (b"", b""), "for this reason")


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_raise_anything_or_log_anybody_in(pieces: list[bytes]) -> None:
    fresh = Session(Credentials(b"admin", b"passwd"), MAX)
    for piece in pieces:
        if fresh.state is not State.CLOSED:
            assert fresh.receive(piece) == []
    assert fresh.state is not State.OPEN


def test_what_a_session_waits_for_is_known() -> None:
    assert (session().login, session().begun, session().due) == ((b"", b""), 0, 0)
    fresh = session(RIGHT, REQUEST[:22])
    assert (fresh.begun, fresh.due) == (26, 4)
    fresh.receive(REQUEST[22:])
    assert (fresh.begun, fresh.due) == (0, 0)


@pytest.mark.parametrize("kind", [0, 1, 2, 9, 31, 38, 2**32 - 1, 2**32 - 2])
def test_a_frame_of_a_type_that_is_no_requests_is_answered_and_the_connection_goes_on(kind: int) -> None:
    after = session(RIGHT, HEADER.pack(kind, 0, 8, 0, 0))
    assert (after.state, codes(after), after.why) == (State.OPEN, [1], f"there is no request of type {kind}")
