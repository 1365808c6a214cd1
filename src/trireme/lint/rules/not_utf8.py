r"""A string that is not UTF-8.

Triton loads it, and then cannot answer for the model's config or metadata over gRPC: protobuf text is UTF-8.

Bad::

    backend: "python"
    parameters { key: "author" value { string_value: "Zo\353" } }

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
    """Report each string that does not decode: by its own bytes, or by its escapes."""
    for offset in model.places.not_utf8:
        line, column = model.places.position(offset)
        message = f"the string at column {column} is not UTF-8"
        yield Problem("", message, "save the config as UTF-8", model.config_path, line)
