from __future__ import annotations

import logging

import pytest

from everstore import limits
from everstore.supervisor.complaints import Complaints


def test_a_flood_of_complaints_is_counted_not_said(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    complaints = Complaints(lambda: now[0])
    with caplog.at_level(logging.WARNING, "everstore"):
        for number in range(limits.COMPLAINTS_PER_S_MAX + 500):
            complaints.warn(f"closed: {number}")
        assert len(caplog.messages) == limits.COMPLAINTS_PER_S_MAX
        now[0] = 1.0
        complaints.tell_the_rest()
        assert caplog.messages[limits.COMPLAINTS_PER_S_MAX :] == [
            "500 more connections were closed for such reasons within a second"
        ]
        complaints.warn("closed: again")
        assert caplog.messages[-1] == "closed: again"
