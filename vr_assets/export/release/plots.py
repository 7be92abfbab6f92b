"""Plots of a data card as SVG: bars, readable on light and dark pages, and the same bytes for the same numbers."""

from collections.abc import Mapping, Sequence
from html import escape

_LABEL_PX, _BAR_PX, _ROW_PX, _HEAD_PX = 190, 360, 20, 34
_COLOURS = ("#3572b0", "#d08a2e", "#5a9a5a")
_FONT = 'font-family="sans-serif" font-size="12" fill="#222"'


def bars(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """A row a label, with a bar for each series; `rows` by label, then by series."""
    series = list(dict.fromkeys(name for values in rows.values() for name in values))
    most = max((value for values in rows.values() for value in values.values()), default=0) or 1
    height = _HEAD_PX + len(rows) * max(1, len(series)) * _ROW_PX + 26
    width = _LABEL_PX + _BAR_PX + 80
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="10" y="21" {_FONT} font-weight="bold">{escape(title)}</text>',
    ]
    y = _HEAD_PX
    for label, values in rows.items():
        parts.append(f'<text x="{_LABEL_PX - 8}" y="{y + 14}" text-anchor="end" {_FONT}>{escape(label)}</text>')
        for place, name in enumerate(series):
            value = values.get(name, 0)
            length = round(_BAR_PX * value / most, 1)
            colour = _COLOURS[place % len(_COLOURS)]
            parts.append(f'<rect x="{_LABEL_PX}" y="{y + 3}" width="{length}" height="14" fill="{colour}"/>')
            parts.append(f'<text x="{_LABEL_PX + length + 6}" y="{y + 14}" {_FONT}>{value:g}</text>')
            y += _ROW_PX
    return "\n".join([*parts, *_legend(series, y), "</svg>", ""])


def _legend(series: Sequence[str], y: int) -> list[str]:
    parts = []
    for place, name in enumerate(series):
        x = _LABEL_PX + place * 110
        parts.append(f'<rect x="{x}" y="{y + 6}" width="12" height="12" fill="{_COLOURS[place % len(_COLOURS)]}"/>')
        parts.append(f'<text x="{x + 18}" y="{y + 17}" {_FONT}>{escape(name)}</text>')
    return parts
