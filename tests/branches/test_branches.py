from __future__ import annotations

from pathlib import Path

import pytest
from branches.measure import Measured, measure, read
from support import figures


def test_what_is_not_taken_is_named_with_its_line_once() -> None:
    report = {
        "files": {
            "b.py": {"missing_lines": [7], "missing_branches": [[3, 7], [4, -1], [7, 8]]},
            "a.py": {"missing_lines": [], "missing_branches": []},
        },
        "totals": {"covered_lines": 20, "covered_branches": 5, "num_statements": 21, "num_branches": 8},
    }
    assert read(report) == Measured(
        25,
        29,
        [
            "b.py:7: is never run",
            "b.py:3: never goes on at line 7",
            "b.py:4: never goes on to the end of its function",
        ],
    )


@pytest.mark.slow
def test_a_test_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="file or directory not found"):
        measure(tmp_path, ("there is no such folder",))


@pytest.mark.slow
@pytest.mark.figures
def test_the_quick_tests_take_every_branch_of_protocol_journal_storage_repair_and_login(tmp_path: Path) -> None:
    found = measure(tmp_path)
    figures.share("branch coverage", found.taken, found.there, "statements and branches")
    assert found.missing == []
