"""The order of the runs, and what their values are set against."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from xml.etree import ElementTree

import pytest

from everstore.bench.document import document
from everstore.bench.driver import Bounds, Failed
from everstore.bench.measuring import Load, Measured, Quantity, Scale, Trial, measure
from everstore.bench.picture import WIDTH, picture
from everstore.bench.table import tables

RATE = Quantity("tries a second", is_pictured=True)
SVG = "{http://www.w3.org/2000/svg}"
VALUES = {"Ours": [100.0, 10.0, 1000.0], "Theirs <&>": [200.0, 40.0, 1000.0]}


class Fakes:
    """Two contenders whose runs give the values above, in turn."""

    def __init__(self) -> None:
        self.order: list[str] = []

    @contextmanager
    def trials(self, _: Scale) -> Iterator[Sequence[Trial]]:
        yield [Trial(series, "here", lambda series=series: self._run(series)) for series in VALUES]  # type: ignore[misc]

    def _run(self, series: str) -> dict[Quantity, float]:
        value = VALUES[series][self.order.count(series)]
        self.order.append(series)
        return {RATE: value}


def measured(fakes: Fakes, **base: str) -> Measured:
    load = Load("fake", "A fake load", fakes.trials, notes=("nothing is real",), **base)
    return measure(load, Scale(Path(), [], Bounds(), 3, False), lambda _: None)


def test_the_runs_are_interleaved() -> None:
    fakes = Fakes()
    measured(fakes)
    assert fakes.order == ["Ours", "Theirs <&>"] * 3


def test_a_ratio_is_the_median_of_those_of_each_round() -> None:
    ours, theirs = measured(Fakes(), base_series="Ours").figures
    assert ours.ratio is None
    assert theirs.ratios == [2.0, 4.0, 1.0]
    assert theirs.ratio == 2.0


def test_without_a_base_there_are_no_ratios() -> None:
    assert [figure.ratio for figure in measured(Fakes()).figures] == [None, None]


def test_one_column_can_be_asked_for() -> None:
    scale = Scale(Path(), [], Bounds(), 1, False, at="there")
    load = Load("fake", "", lambda _: nullcontext([Trial("Ours", at, lambda: {RATE: 1.0}) for at in ("here", "there")]))
    assert [figure.at for figure in measure(load, scale, lambda _: None).figures] == ["there"]
    with pytest.raises(Failed, match="it has no column 'nowhere', but here, there"):
        measure(load, scale._replace(at="nowhere"), lambda _: None)


def test_the_table_holds_medians_quartiles_ratios_and_notes() -> None:
    text = tables(measured(Fakes(), base_series="Ours"))
    assert re.search(r"\| Ours +\| 100 \(55 – 550\) +\|", text)
    assert re.search(r"\| Theirs <&> +\| 200 \(120 – 600\) ×2\.00 +\|", text)
    assert "- nothing is real\n- × is the ratio to Ours" in text
    assert len({len(line) for line in text.splitlines() if line.startswith("|")}) == 1, "aligned"


def test_the_document_holds_every_run() -> None:
    read = json.loads(document({"kernel": "Linux"}, ["a note"], [measured(Fakes(), base_series="Ours")]))
    assert read["machine"] == {"kernel": "Linux"}
    assert read["notes"] == ["a note"]
    assert read["loads"][0]["ratios_to"] == "Ours"
    assert [figure["runs"] for figure in read["loads"][0]["figures"]] == list(VALUES.values())
    assert read["loads"][0]["figures"][1]["ratio"] == 2.0


def test_the_picture_is_xml_that_names_every_bar() -> None:
    drawn = ElementTree.fromstring(picture([measured(Fakes(), base_series="Ours")]))
    texts = [element.text for element in drawn.iter(f"{SVG}text")]
    assert texts == ["A fake load", "tries a second", "here", "Ours", "100", "Theirs <&>", "200  ×2.00"]


def test_the_bars_are_to_scale_and_their_whiskers_within_the_picture() -> None:
    drawn = ElementTree.fromstring(picture([measured(Fakes())]))
    ours, theirs = (float(element.attrib["width"]) for element in drawn.iter(f"{SVG}rect"))
    assert theirs == pytest.approx(2 * ours, abs=0.2)
    assert max(float(element.attrib["x2"]) for element in drawn.iter(f"{SVG}line")) < WIDTH


def test_the_columns_of_one_series_share_a_scale() -> None:
    few, many = (figure._replace(series="Ours", at=figure.series) for figure in measured(Fakes()).figures)
    drawn = ElementTree.fromstring(picture([measured(Fakes())._replace(figures=[few, many])]))
    ours, theirs = (float(element.attrib["width"]) for element in drawn.iter(f"{SVG}rect"))
    assert theirs == pytest.approx(2 * ours, abs=0.2)


def test_a_quantity_that_is_not_pictured_is_not() -> None:
    figures = [figure._replace(quantity=Quantity("seconds")) for figure in measured(Fakes()).figures]
    drawn = ElementTree.fromstring(picture([measured(Fakes())._replace(figures=figures)]))
    assert [*drawn.iter(f"{SVG}rect")] == []
