from __future__ import annotations

from pathlib import Path

import pytest
from branches.measure import measure
from support import figures


@pytest.mark.slow
@pytest.mark.figures
def test_the_quick_tests_take_every_branch_of_protocol_journal_storage_repair_and_login(tmp_path: Path) -> None:
    found = measure(tmp_path)
    figures.share("branch coverage", found.taken, found.there, "statements and branches")
    assert found.missing == []
