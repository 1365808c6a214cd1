"""The rules' pages as Markdown, from their docstrings: one page a rule, and a catalogue."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from trireme.lint import rule

if TYPE_CHECKING:
    import re

GROUPS = {
    "TR0": "Files and text",
    "TR1": "Folders, versions, backends",
    "TR2": "Tensors",
    "TR3": "Scheduling, instances, caches",
    "TR4": "Sequences and warm-up",
    "TR5": "Ensembles",
    "TR6": "Artefacts: ONNX, Python, TensorRT",
    "TR7": "Legal, and it hurts",
}
NOTE = "<!-- Written by `make docs` from the rules' own docstrings: edit those. -->\n"


def pages() -> dict[str, str]:
    """Return every page by its file name in docs/rules/."""
    return {"README.md": _catalogue(), **{f"{one.code}.md": _page(one) for one in rule.found().values()}}


def _page(one: rule.Rule) -> str:
    body = rule.BLOCK.sub(_example, one.page)
    place = f"Severity: {one.severity.value}. File: `src/trireme/lint/rules/{one.name}.py`."
    return f"{NOTE}# {one.code}: {one.title}\n\n{place}\n\n{body.rstrip()}\n"


def _example(match: re.Match[str]) -> str:
    note = f" ({match['note']})" if match["note"] else ""
    return f"### {match['kind']}{note}\n\n```text\n{textwrap.dedent(match['body']).strip()}\n```\n\n"


def _catalogue() -> str:
    lines = [
        NOTE,
        "# The rules",
        "",
        "`trireme lint --explain TR302` prints a page. *error*: Triton refuses the model, hangs on it or",
    ]
    lines += [
        "dies of it. *warning*: it loads and does not do what the config says, or what it will do cannot be known from here."
    ]
    lines += ["*advice*: it works, and costs something."]
    for beginning, title in GROUPS.items():
        rows = [one for one in rule.found().values() if one.code.startswith(beginning)]
        lines += ["", f"## {title}", "", "| code | severity | what |", "|---|---|---|"]
        lines += [f"| [{one.code}]({one.code}.md) | {one.severity.value} | {one.title} |" for one in rows]
    return "\n".join(lines) + "\n"
