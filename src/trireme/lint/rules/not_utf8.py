"""A config with bytes that are not UTF-8.

Triton loads it, and then cannot answer for the model's config or metadata over gRPC: protobuf text is UTF-8.

Bad::

    backend: "python"
    parameters { key: "author" value { string_value: "\ufffd" } }

Good::

    backend: "python"
    parameters { key: "author" value { string_value: "Zoë" } }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR005"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report the first byte that does not decode (it was read as U+FFFD)."""
    before, found, _ = model.read[0].partition("\ufffd")
    if found:
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"the config is not UTF-8 at line {line}, column {column}"
        yield Problem("", message, "save it as UTF-8", model.config_path, line)
