"""What was measured as a picture: bars with their spread, in SVG that reads on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from everstore.bench.measuring import Figure, Measured
from everstore.bench.table import in_order, number

WIDTH = 860
_NAMES = 220  # pixels for what a bar is
_BARS = 430  # pixels for the longest bar of a group; its number stands behind it
_BAR, _GAP = 16, 6
_HEAD, _GROUP = 56, 26
_COLOURS = ("#2f81f7", "#8957e5", "#d29922", "#e5534b", "#3fa66b")
_GREY = "#6e7781"
"""Reads on white and on black: whoever shows the picture need not say which it is."""
_STYLE = (
    f"text{{font:13px system-ui,sans-serif;fill:{_GREY}}}.title{{font-weight:600;font-size:15px}}"
    f".at{{font-weight:600}}.spread{{stroke:{_GREY};stroke-width:2}}"
)


def picture(measured: Sequence[Measured]) -> str:
    """A panel for each pictured quantity of each load. The line below a bar spans the quartiles."""
    panels = [
        (each.load.title, [figure for figure in each.figures if figure.quantity == quantity])
        for each in measured
        for quantity in in_order(figure.quantity for figure in each.figures)
        if quantity.is_pictured
    ]
    drawn, y = [], 0.0
    for title, figures in panels:
        lines, y = _panel(title, figures, y)
        drawn += lines
    size = f'width="{WIDTH}" height="{y + _GAP:g}" viewBox="0 0 {WIDTH} {y + _GAP:g}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{_STYLE}</style>'
    return "\n".join([opening, *drawn, "</svg>\n"])


def _panel(title: str, figures: Sequence[Figure], y: float) -> tuple[list[str], float]:
    colours = dict(zip(in_order(figure.series for figure in figures), _COLOURS * 3, strict=False))
    lines = [_text(0, y + 24, title, "title"), _text(0, y + 44, figures[0].quantity.name)]
    y += _HEAD
    for heading, group in _groups(figures):
        lines.append(_text(0, y + 14, heading, "at"))
        y += _GROUP - 4
        longest = max(figure.spread.high for figure in group.values())
        for name, figure in group.items():
            lines += _bar(figure, name, colours[figure.series], longest, y)
            y += _BAR + _GAP
        y += _GAP
    return lines, y


def _groups(figures: Sequence[Figure]) -> Iterator[tuple[str, dict[str, Figure]]]:
    """Bars to one scale, by what they are called: of each column by their series, or all where there is one series."""
    (first, *others) = in_order(figure.series for figure in figures)
    if not others:
        yield first, {figure.at: figure for figure in figures}
        return
    for at in in_order(figure.at for figure in figures):
        yield at, {figure.series: figure for figure in figures if figure.at == at}


def _bar(figure: Figure, name: str, colour: str, longest: float, y: float) -> Iterator[str]:
    per_unit = _BARS / longest if longest else 0.0
    median, low, high = figure.spread
    middle = y + _BAR / 2
    yield _text(12, middle + 4, name)
    yield f'<rect x="{_NAMES}" y="{y:g}" width="{median * per_unit:.1f}" height="{_BAR}" rx="2" fill="{colour}"/>'
    ends = f'x1="{_NAMES + low * per_unit:.1f}" x2="{_NAMES + high * per_unit:.1f}"'
    yield f'<line class="spread" {ends} y1="{y + _BAR + 2:g}" y2="{y + _BAR + 2:g}"/>'
    yield _text(_NAMES + high * per_unit + 8, middle + 4, _label(figure))


def _label(figure: Figure) -> str:
    text = number(figure.spread.median, figure.quantity.digits)
    return text if figure.ratio is None else f"{text}  ×{figure.ratio:.2f}"


def _text(x: float, y: float, text: str, kind: str = "name") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
