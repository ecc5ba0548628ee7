from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.server import RunningServer

EXAMPLE = Path(__file__).parents[2] / "examples/git_history.py"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    run("git", "init", "-q", folder)
    commit(folder, "ada@example.com", "2026-11-16T12:00:00", "one\ntwo\n", 'Begin, with "quotes" and ö')
    commit(folder, "o'neill/../x@example.com", "2026-11-17T12:00:00", "one\n", "Remove a line")
    commit(folder, "ada@example.com", "2026-11-18T12:00:00", "one\nthree\nfour\n", "Add two")
    return folder


def run(*arguments: object, **variables: str) -> str:
    environment = {**os.environ, **variables}
    return subprocess.run([*map(str, arguments)], check=True, capture_output=True, text=True, env=environment).stdout


def commit(folder: Path, author: str, when: str, text: str, subject: str) -> None:
    (folder / "file").write_text(text)
    run("git", "-C", folder, "add", "file")
    who = {"GIT_AUTHOR_NAME": "a", "GIT_COMMITTER_NAME": "a", "GIT_AUTHOR_EMAIL": author, "GIT_COMMITTER_EMAIL": author}
    run("git", "-C", folder, "commit", "-qm", subject, **who, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)


def test_a_history_is_imported_once_and_folded_into_a_report(tmp_path: Path, repository: Path) -> None:
    with RunningServer(tmp_path / "journals") as server:
        example = (sys.executable, EXAMPLE, "--repository", repository, "--url", f"everstore://127.0.0.1:{server.port}")
        first = run(*example)
        commit(repository, "ada@example.com", "2026-11-23T12:00:00", "", "Empty it")
        second = run(*example)
    assert first.startswith("3 new commits\n")
    assert second.startswith("1 new commits\n")
    ada = next(line for line in second.splitlines() if line.startswith("ada"))
    assert ada.split()[1:] == ["3", "4", "3", "2026-11-16", "2026-11-23", "Monday"]
    journal = (tmp_path / "journals/git/author/ada@example.com.log").read_text()
    assert [line.split(" ")[1] for line in journal.splitlines()] == ["git.Committed"] * 3
    assert (tmp_path / "journals/git/author/o%27neill%2F%2E%2E%2Fx@example%2Ecom.log").exists()
    assert '"subject":"Begin, with \\"quotes\\" and ö"' in journal
