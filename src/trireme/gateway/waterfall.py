"""`trireme trace`: the spans of one request, drawn in the terminal or as a page."""

from __future__ import annotations

import html
import time
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.errors import MissingSourceError
from trireme.gateway import timing
from trireme.gateway.traces import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trireme.gateway.settings import Tracing
    from trireme.gateway.traces import Span

WIDTH = 48
"""Characters of the longest bar."""
NAMES = 38
LATEST = 20
COLOURS = {"gateway": "#4878a8", "triton": "#5a9a5a", "model.py": "#b07aa1"}
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
 body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }}
 h1 {{ font-size: 1.1rem; }} table {{ border-collapse: collapse; width: 100%; }}
 td {{ padding: 1px 8px 1px 0; white-space: nowrap; }} td.line {{ width: 100%; position: relative; }}
 .bar {{ position: absolute; top: 4px; bottom: 4px; border-radius: 2px; min-width: 1px; }}
 .ms {{ text-align: right; font-variant-numeric: tabular-nums; color: #555; }} tr:hover {{ background: #f4f4f4; }}
 .parts td {{ padding-right: 2rem; }}
 .key {{ display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 4px 0 12px; }}
</style>
<h1>{title}</h1>
<p>{subtitle}{keys}</p>
<table>{rows}</table>
<h1>Where the time went</h1>
<table class="parts" style="width:auto">{parts}</table>
</html>
"""


def show(settings: Tracing, request: str | None, page: Path | None) -> Iterator[str]:
    """Yield the lines of a request's waterfall, or of the latest requests; write the page where one is wanted.

    Raises:
        MissingSourceError: the request was not traced, or nothing was.

    """
    if not Path(settings.store).is_file():
        raise MissingSourceError(settings.store, "a trace", "the gateway writes it; ask with `X-Server-Timing: 1`")
    store = Store(Path(settings.store), settings.keep)
    try:
        if request is None:
            yield from map(_summary, store.latest(LATEST))
            return
        spans = store.of_request(request)
    finally:
        store.close()
    if not spans:
        raise MissingSourceError(
            settings.store, f"a trace of '{request}'", "`trireme trace` lists the latest; few are traced unasked"
        )
    yield from text(spans)
    if page is not None:
        page.write_text(as_page(spans), encoding="utf-8")
        yield f"page  {page}"


def text(spans: Sequence[Span]) -> Iterator[str]:
    """Yield a line for each span, its bar where it was in the whole, and a line of the parts."""
    rows = list(_ordered(spans))
    begun, whole = _frame(rows)
    for depth, span in rows:
        first = round((span.begun - begun) / whole * WIDTH)
        length = max(round((span.ended - span.begun) / whole * WIDTH), 1)
        bar = " " * min(first, WIDTH - 1) + "█" * min(length, WIDTH - min(first, WIDTH - 1))
        yield f"{'  ' * depth + _name(span):{NAMES}.{NAMES}} {bar:{WIDTH}} {span.ms:9.2f} ms"
    yield ""
    yield "   ".join(f"{name} {value:.2f} ms" for name, value in timing.parts(spans).items())


def as_page(spans: Sequence[Span]) -> str:
    """Return the waterfall as one HTML page that needs nothing else."""
    rows = list(_ordered(spans))
    begun, whole = _frame(rows)
    root = rows[0][1]
    lines = []
    for depth, span in rows:
        left, width = (span.begun - begun) / whole * 100, (span.ended - span.begun) / whole * 100
        place = f"left:{left:.3f}%;width:{width:.3f}%;background:{COLOURS.get(span.service, '#999')}"
        bar = f'<div class="bar" style="{place}"></div>'
        name = f'<td style="padding-left:{depth * 16}px">{html.escape(_name(span))}</td>'
        lines.append(f'<tr>{name}<td class="line">{bar}</td><td class="ms">{span.ms:.2f} ms</td></tr>')
    parts = [f'<tr><td>{name}</td><td class="ms">{value:.2f} ms</td></tr>' for name, value in timing.parts(spans).items()]
    keys = "".join(f'<span class="key" style="background:{colour}"></span>{name}' for name, colour in COLOURS.items())
    title = html.escape(f"{root.attributes.get('http.route', root.name)}  {root.ms:.2f} ms")
    subtitle = html.escape(f"request {root.attributes.get('request.id', '')}, trace {root.trace_id}")
    return PAGE.format(title=title, subtitle=subtitle, keys=keys, rows="".join(lines), parts="".join(parts))


def _ordered(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Yield (depth, span): parents before their children, each in the order of begin."""
    known = {one.span_id for one in spans}
    stack = [(0, one) for one in sorted(spans, key=lambda one: -one.begun) if one.parent_id not in known]
    while stack:
        depth, one = stack.pop()
        yield depth, one
        below = sorted((other for other in spans if other.parent_id == one.span_id), key=lambda other: -other.begun)
        stack += [(depth + 1, other) for other in below]


def _frame(rows: Sequence[tuple[int, Span]]) -> tuple[int, int]:
    begun = min(one.begun for _, one in rows)
    return begun, max(max(one.ended for _, one in rows) - begun, 1)


def _name(span: Span) -> str:
    version = span.attributes.get("triton.model_version")
    return f"{span.name} {version}" if version else span.name


def _summary(span: Span) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(span.begun / 1e9))
    status, route = span.attributes.get("http.response.status_code", ""), span.attributes.get("http.route", "")
    return f"{when}  {span.attributes['request.id']:34} {status}  {span.ms:9.2f} ms  {route}"
