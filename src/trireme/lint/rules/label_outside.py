"""A label file outside of the model's folder.

Releases up to 24.10 read it; later ones refuse the model.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "../labels.txt" }
    ==> labels.txt <==
    cat

Good::

    backend: "python"
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR117"
SEVERITY = "warning"


def check(model: Model) -> Iterator[Problem]:
    """Report each file that is there and lies elsewhere."""
    for number, output in enumerate(model.config.output):
        path = model.path / output.label_filename
        if output.label_filename and path.is_file() and not path.resolve().is_relative_to(model.path.resolve()):
            message = f"the label file '{output.label_filename}' lies outside of the model's folder"
            yield Problem(f"output[{number}].label_filename", message, "copy it into the model's folder")
