from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.fakes.disk import AbandonedDisk


@pytest.fixture(autouse=True)
def no_store_of_a_test_outlives_it() -> Iterator[None]:
    yield
    AbandonedDisk.abandon_all()
