"""A budget as a table for the terminal and as a page with its waterfall."""

from __future__ import annotations

import html
from dataclasses import fields
from typing import TYPE_CHECKING

from trireme.latency.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.latency.measure import Budget

COLOURS = {
    "network": "#8a8a8a",
    "queue": "#d9a441",
    "preprocessing": "#4878a8",
    "forward": "#5a9a5a",
    "postprocessing": "#b07aa1",
}
WIDTH, ROW, NAMES = 760, 24, 230
BAR = 40
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
 body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }}
 h1 {{ font-size: 1.1rem; }} text {{ font: 12px system-ui, sans-serif; fill: #222; }}
 td {{ padding: 1px 24px 1px 0; }} td.ms {{ text-align: right; font-variant-numeric: tabular-nums; }}
</style>
<h1>{title}</h1>
<p>{subtitle}</p>
<table>{table}</table>
<h1>The request that was most like the mean</h1>
<svg width="{width}" height="{height}" role="img" aria-label="waterfall">{bars}</svg>
</html>
"""


def lines(budget: Budget) -> Iterator[str]:
    """Yield the parts with their shares, what they do not add up to, and Triton's own account of forward."""
    found = budget.parts
    yield f"{budget.unit} over {budget.protocol}: {found.whole:.2f} ms, the mean of {budget.requests} requests, one at a time"
    for name in COLOURS:
        value = getattr(found, name)
        yield f"  {name:15} {value:8.3f} ms {value / found.whole:6.1%}  {'█' * round(BAR * value / found.whole)}"
    yield f"  {'unaccounted':15} {found.left:8.3f} ms {found.left / found.whole:6.1%}"
    yield f"forward is {budget.computing}; Triton's statistics say {budget.statistics:.3f} ms for it"


def page(budget: Budget) -> str:
    """Return a page by itself, no script and nothing from elsewhere."""
    found = budget.parts
    names = [field.name for field in fields(Parts) if field.name != "whole"]
    rows = "".join(
        f'<tr><td>{name}</td><td class="ms">{getattr(found, name):.3f} ms</td>'
        f'<td class="ms">{getattr(found, name) / found.whole:.1%}</td></tr>'
        for name in names
    )
    title = f"{budget.unit} over {budget.protocol}: where {found.whole:.2f} ms go"
    left = abs(found.left) / found.whole
    subtitle = f"The mean of {budget.requests} requests, one at a time; the parts leave {left:.1%} unaccounted."
    return PAGE.format(
        title=html.escape(title),
        subtitle=subtitle,
        table=rows,
        width=WIDTH + NAMES + 80,
        height=ROW * len(budget.bars) + 10,
        bars="".join(_bars(budget)),
    )


def _bars(budget: Budget) -> Iterator[str]:
    longest = max(bar.ended for bar in budget.bars) or 1.0
    for number, bar in enumerate(budget.bars):
        y, x = ROW * number + 4, NAMES + WIDTH * bar.begun / longest
        width = max(WIDTH * (bar.ended - bar.begun) / longest, 1.0)
        label = html.escape(f"{bar.part}: {bar.name}")
        yield f'<text x="0" y="{y + 13}">{label}</text>'
        yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="16" rx="2" fill="{COLOURS[bar.part]}"/>'
        yield f'<text x="{x + width + 4:.1f}" y="{y + 13}">{bar.ended - bar.begun:.2f}</text>'
