"""Replay of a commit log onto a journal, both as the bytes say: the real recovery, on a disk in memory.

The bytes tell a story: commits, of which the later ones stand in the log, some taken back; then what a crash or
somebody has made of the journal, and of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from random import Random

from simulation.disk import File, Platter, SimulatedDisk, in_memory
from support.records import whole_record

from everstore.journal.recovery import Verdict, judge
from everstore.storage import recovery
from everstore.storage.commit_log import path_of as log_path_of
from everstore.storage.journals import JournalFiles
from everstore.storage.records import APPEND, CANCEL, SECTOR_BYTES, Entry, Header
from everstore.storage.trust import Trust

NAME, PATH = b"/a", "a.log"
LINE = b"2026-11-21T00:00:00.000 "


class Told:
    """The bytes, one after the other; zeros behind their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def below(self, most: int) -> int:
        """A number from 0 to `most`."""
        return (self.byte() << 8 | self.byte()) % (most + 1)


@dataclass(slots=True)
class Story:
    """`right`: the journal as it was answered. `states`: what it was since the log began, in any of which a crash can
    have left it. `base`: where the log begins; `reach`: as far as it ever went.
    """

    right: bytes
    states: list[bytes]
    batches: list[list[Entry]]
    base: int
    reach: int


def replay(data: bytes) -> None:
    """Nothing is lost in silence: a journal that a crash explains comes back whole; what else there was stays, or is
    kept beside; and to begin again comes to the same.
    """
    told = Told(data)
    flags = told.byte()
    story = _story(told)
    durable, same_machine = bool(flags & 1), bool(flags & 2)
    boot = recovery.boot_id() if same_machine else b"another start".ljust(36)
    header = Header(7, 1, durable, False, boot).encode().ljust(SECTOR_BYTES, b"\0")
    whole_log = header + b"".join(whole_record(7, at, batch) for at, batch in enumerate(story.batches))
    found = _spoilt(told, _state(told, story.states))
    log = _spoilt(told, whole_log)
    platter = _platter(found, log)
    with in_memory(platter):
        noted = _recover(platter)
        after = _content(platter)
        _recover(platter)
        assert _content(platter) == after
        loaded = JournalFiles(_disk(platter), Trust(_disk(platter))).load(NAME)
        doubted = Trust(_disk(platter)).doubts(1)
    final = _content(platter)
    _assert_kept(found, final, platter, story.states)
    if doubted and not loaded.damage:
        assert judge(final) == Verdict(len(final), (), "")
    if log == whole_log and (durable or same_machine):
        assert bool(noted) == (not _explained(story, found))
        begins = max(0, story.base - 1)
        assert after == (found if noted or not story.batches else found[:begins] + story.right[begins:])


def _story(told: Told) -> Story:
    texts: list[bytes] = []
    for number in range(told.byte() % 4):
        texts.append(_text(told, number))
    base = len(_journal(texts))
    story = Story(b"", [_journal(texts)], [], base, base)
    for number in range(4, 4 + told.byte() % 5):
        kind, text, size = told.byte() % 4, _text(told, number), len(_journal(texts))
        entry = Entry(APPEND, NAME, size, text + b"\0")
        story.reach = max(story.reach, size + len(entry.data))
        story.batches.append([entry])
        story.states += [_journal(texts) + entry.data, _journal([*texts, text])]
        if kind == 0:
            story.batches.append([Entry(CANCEL, NAME, size, b"")])
        else:
            texts.append(text)
        story.states.append(_journal(texts))
    story.right = _journal(texts)
    return story


def _text(told: Told, number: int) -> bytes:
    """One or two lines, of up to some sectors, like no other's."""
    lines, size = 1 + told.byte() % 2, told.byte() * 5
    return b"\n".join([LINE + b"e %d " % number + b"x" * size] * lines)


def _journal(texts: list[bytes]) -> bytes:
    return b"\n".join(texts) + b"\0" if texts else b""


def _state(told: Told, states: list[bytes]) -> bytes:
    return states[told.byte() % len(states)] if told.byte() % 8 else states[-1]


def _spoilt(told: Told, data: bytes) -> bytes:
    """Up to three changes, most often none."""
    changed = bytearray(data)
    for _ in range(told.byte() % 4):
        kind, at = told.byte() % 4, told.below(len(changed))
        if kind == 0:
            del changed[at:]
        elif kind == 1:
            end = min(at + told.below(1024), len(changed))
            changed[at:end] = bytes(end - at)
        elif kind == 2:
            changed[at : at + 1] = bytes([told.byte()])
        else:
            changed += bytes(told.byte() for _ in range(told.byte() % 8))
    return bytes(changed)


def _platter(journal: bytes, log: bytes) -> Platter:
    platter = Platter(Random(0), count(1).__next__)
    for path, data in ((PATH, journal), (log_path_of(1), log)):
        platter.files[path] = File()
        platter.files[path].write(0, data, 0)
    return platter


def _disk(platter: Platter) -> SimulatedDisk:
    return SimulatedDisk(platter, lambda _: None)


def _recover(platter: Platter) -> str:
    """As a worker begins; returns what was noted of the journal, if it is damaged."""
    disk = _disk(platter)
    recovery.recover(disk, Trust(disk), [1])
    return Trust(disk).damage_of(NAME)


def _content(platter: Platter) -> bytes:
    return bytes(platter.files[PATH].data)


def _explained(story: Story, found: bytes) -> bool:
    """True when a crash can have left this, or it has been spoilt only where the log knows better."""
    if not story.batches:
        return True
    before = found[: story.base]
    turned = before[:-1] + b"\0" if before[-1:] == b"\n" else before
    rest = range(len(story.right), len(found))
    return (
        story.base <= len(found) <= story.reach
        and turned[-1:] in (b"", b"\0")
        and all(found[at] == 0 or _was_undone(found, at, story.states) for at in rest)
    )


def _was_undone(found: bytes, at: int, states: list[bytes]) -> bool:
    """True for a byte behind the end that is one of an append that was taken back."""
    return any(state[at : at + 1] == found[at : at + 1] for state in states)


def _assert_kept(found: bytes, final: bytes, platter: Platter, states: list[bytes]) -> None:
    """All that was there is there: in its place, up to what a crash leaves of it, or in a file beside it; or it is of
    an append that was taken back.
    """
    beside = [bytes(file.data) for path, file in platter.files.items() if f"{PATH}.torn-" in path]
    for at, byte in enumerate(found):
        here = final[at : at + 1]
        if byte == 0 or here == found[at : at + 1] or (byte == 10 and here == b"\0"):
            continue
        if not here and _was_undone(found, at, states):
            continue
        assert any(found[at:] in each for each in beside), f"lost from byte {at} on"
        return
