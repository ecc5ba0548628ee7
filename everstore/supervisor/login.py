"""Logins of users that are kept in a file: looked up, verified off the supervisor's path, and read again on SIGHUP.

A pair of user and password that was verified is remembered, as an HMAC under a key that only this process has, until
the file is read again: published clients open six connections each, and all come back at once after a restart of
theirs. What is remembered cannot be turned back into a password, nor looked up by another process.

Error handling: a login that could not be verified is dismissed without an answer, so that its client tries again: error
2 would tell it, wrongly, that its password is.
"""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from collections.abc import Iterable

import trio

from everstore import limits, log
from everstore.errors import ConfigError
from everstore.supervisor.client import Client
from everstore.supervisor.throttle import Throttle
from everstore.supervisor.verifier import Unverified, Verifier
from everstore.users import file
from everstore.users.hashing import hash_of_nobody
from everstore.users.roll import User
from everstore.wire.frames import Frame
from everstore.wire.layouts import U32


class _Sealer:
    """Turns pairs into what tells them apart and nothing else."""

    def __init__(self) -> None:
        self._key = os.urandom(32)

    def seal(self, user: bytes, password: bytes) -> bytes:
        return hmac.digest(self._key, U32.pack(len(user)) + user + password, "sha256")


class _Sealed:
    """The pair that a connection has logged in with; a further login on it must be the same."""

    def __init__(self, sealer: _Sealer, seal: bytes) -> None:
        self._sealer = sealer
        self._seal = seal

    def match(self, user: bytes, password: bytes) -> bool:
        return hmac.compare_digest(self._sealer.seal(user, password), self._seal)


class Logins:
    """The users of the file at `path`.

    Raises:
        ConfigError: it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._roll = file.read(path)
        self._nobody = hash_of_nobody()
        self._sealer = _Sealer()
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._throttle = Throttle()
        self._verifier = Verifier()

    async def run(self) -> None:
        """Keep the verifier alive until cancelled."""
        await self._verifier.keep_alive()

    async def verify(self, client: Client) -> list[Frame]:
        """Decide the login that the client's session asks for; returns the requests that came behind it."""
        seal = self._sealer.seal(*client.session.login)
        try:
            with trio.fail_after(limits.LOGIN_VERIFY_S_MAX):
                user = await self._user(seal, *client.session.login, client.peer.rpartition(":")[0])
        except Unverified as unverified:
            client.session.dismiss(f"its login could not be verified: {unverified}")
            return []
        except trio.TooSlowError:
            client.session.dismiss(f"its login could not be verified within {limits.LOGIN_VERIFY_S_MAX:g} seconds")
            return []
        if user is None:
            return client.session.decide(None)
        _enter(client, user)
        return client.session.decide(_Sealed(self._sealer, seal))

    def reload(self, clients: Iterable[Client]) -> None:
        """Read the file again: connections of users that are gone, or have another password, end; the others have
        their users' present rights from the next request on. A file that cannot be used changes nothing.
        """
        try:
            self._roll = file.read(self._path)
        except ConfigError as error:
            log.error(f"SIGHUP: the users stay as they were: {error}")
            return
        self._known.clear()
        ended = sum(self._is_ended(client) for client in clients if client.user is not None)
        log.info(f"SIGHUP: {len(self._roll)} users read from {self._path}; {ended} connections of former ones end")

    def _is_ended(self, client: Client) -> bool:
        assert client.user is not None
        user = self._roll.get(client.user.name)
        if user is not None and user.kept == client.user.kept:
            _enter(client, user)
            return False
        client.session.dismiss("its user is gone" if user is None else "its user has another password now")
        client.listening.cancel()
        return True

    def is_unlimited(self, user: User) -> bool:
        """Whether a user of a former reading has the same password still, and all rights."""
        now = self._roll.get(user.name)
        return now is not None and now.kept == user.kept and now.grant.is_unlimited

    async def _user(self, seal: bytes, name: bytes, password: bytes, host: str) -> User | None:
        """Who that is; None for a wrong user or password."""
        if self._is_known(seal):
            return self._named(name)
        async with self._throttle.turn(host):
            if self._is_known(seal):  # It was verified for another connection, meanwhile.
                return self._named(name)
            roll, user = self._roll, self._named(name)
            # A user that does not exist takes as long as one that does.
            right = await self._verifier.verify(user.kept if user else self._nobody, password)
            if roll is not self._roll:
                raise Unverified("the users have changed meanwhile")
            if not right or user is None:
                self._throttle.failed(host)
                return None
            self._remember(seal)
            return user

    def _named(self, name: bytes) -> User | None:
        return self._roll.get(name.decode(errors="replace"))

    def _is_known(self, seal: bytes) -> bool:
        if seal not in self._known:
            return False
        self._known.move_to_end(seal)
        return True

    def _remember(self, seal: bytes) -> None:
        self._known[seal] = None
        if len(self._known) > limits.LOGINS_REMEMBERED:
            self._known.popitem(last=False)


def _enter(client: Client, user: User) -> None:
    client.user = user
    client.grant = None if user.grant.is_unlimited else user.grant
