from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from branches.measure import ROOT
from mutation.mutants import mutants
from mutation.run import candidates, equivalents
from support import figures

SOURCE = '''
"""A text for people."""
from os import path
SIZE: int = 5
KINDS: TypeAlias = 7

class Box:
    __slots__ = ("a",)

    def put(self, a: "x < y", b: int = 1) -> "u < v":
        assert a < 3, "never"
        log.info("not this")
        log.warning(f"but this {a + 1}")
        self.a = b"x"
        if a and not self.full(a):
            raise Refused(f"{a + 1}")
        while a <= -2:
            a += max(a, True)
            break
        try:
            del self.a[a]
        except KeyError:
            pass
        return a
'''
CHANGES = {
    ("", "5 -> 6"),
    ("", "5 -> 4"),
    ("Box.put", "1 -> 2"),
    ("Box.put", "1 -> 0"),
    ("Box.put", "log.warning(f'but this {a + 1}') -> pass"),
    ("Box.put", "self.a = b'x' -> pass"),
    ("Box.put", "b'x' -> b'x?'"),
    ("Box.put", "a and (not self.full(a)) -> a or not self.full(a)"),
    ("Box.put", "not self.full(a) -> self.full(a)"),
    ("Box.put", "raise Refused(f'{a + 1}') -> pass"),
    ("Box.put", "raise Refused(f'{a + 1}') -> raise RuntimeError(f'{a + 1}')"),
    ("Box.put", "a <= -2 -> a < -2"),
    ("Box.put", "a <= -2 -> a > -2"),
    ("Box.put", "-2 -> 2"),
    ("Box.put", "a += max(a, True) -> pass"),
    ("Box.put", "a += max(a, True) -> a -= max(a, True)"),
    ("Box.put", "max(a, True) -> min(a, True)"),
    ("Box.put", "True -> False"),
    ("Box.put", "break -> continue"),
    ("Box.put", "del self.a[a] -> pass"),
    ("Box.put", "KeyError -> ZeroDivisionError"),
    ("Box.put", "return a -> return None"),
}


def test_what_can_be_wrong_is_changed_and_what_people_read_is_not() -> None:
    assert {(each.where, each.change) for each in mutants(ast.parse(SOURCE))} == CHANGES


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_each_mutant_is_one_change_of_a_program_that_python_takes(number: int) -> None:
    tree = ast.parse(SOURCE)
    mutant = list(mutants(tree))[number]
    mutant.apply()
    compile(tree, "mutant", "exec")
    before, after = (ast.unparse(each).splitlines() for each in (ast.parse(SOURCE), tree))
    differing = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert len(differing) == 1
    assert mutant.lines[0] <= mutant.lines[1] <= len(SOURCE.splitlines())


def test_the_table_names_mutants_that_there_are() -> None:
    paths = sorted({each.path for each in equivalents()})
    assert candidates(paths), "and others"


TRY = """
import json, sys, time
from pathlib import Path
from mutation.mutants import mutants
from mutation.trial import Change, Trial
path, module, change, ids, seconds, folder = json.loads(sys.argv[1])
found = [each.change for each in mutants(__import__("ast").parse(Path(path).read_bytes()))]
trial = Trial(Change(Path(path), module, found.index(change)), ids, seconds, Path(folder))
while not (verdict := trial.verdict()):
    time.sleep(0.01)
print(verdict)
"""
SKIP = "frames.append((OVERSIZE, size, uid, properties, worker, b'')) -> pass"
OF_FRAMES = "tests/wire/test_frames.py::"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "test", "seconds", "verdict"),
    [
        (SKIP, "test_frames_come_out_whole", 60, "survived"),
        (SKIP, "test_a_body_over_the_limit_is_announced_at_its_header_and_skipped", 60, "killed"),
        (SKIP, "test_frames_come_out_whole", 0, "timed out"),
    ],
)
def test_a_mutant_is_judged_by_the_tests_that_it_is_tried_with(
    tmp_path: Path, change: str, test: str, seconds: float, verdict: str
) -> None:
    path = ROOT / "everstore/wire/frames.py"
    before = path.read_bytes()
    asked = [str(path), "everstore.wire.frames", change, [OF_FRAMES + test], seconds, str(tmp_path / "trial")]
    folders = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    ended = subprocess.run(
        [sys.executable, "-c", TRY, json.dumps(asked)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"{verdict}\n"
    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.figures
@pytest.mark.skipif(not figures.CAMPAIGN, reason="it takes most of an hour; scripts/campaign and scripts/mutate do it")
def test_the_quick_tests_notice_nine_of_ten_small_changes(tmp_path: Path) -> None:
    program = [sys.executable, str(Path(__file__).with_name("run.py")), f"--json={tmp_path / 'result'}"]
    ended = subprocess.run([*program, f"--seed={figures.seed()}"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    noticed, tried, there = json.loads((tmp_path / "result").read_text())
    cut_short = "" if tried == there else f" of {there:,}, cut short"
    figures.share("mutation score", noticed, tried, f"mutants{cut_short}")
    assert 10 * noticed >= 9 * tried, ended.stdout
