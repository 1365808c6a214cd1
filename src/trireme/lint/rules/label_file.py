"""A label file that is not there.

`label_filename` is looked for in the model's folder, not in a version's. Releases after 24.10 also refuse one outside
of it.

Bad::

    backend: "python"
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" }

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" }
    ==> example/labels.txt <==
    cat
    dog
    bird
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint import files
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR116"
SEVERITY = "error"
TRITON = r"failed to open text file for read|label file|the server died: basic_string|the server hangs"


def check(model: Model) -> Iterator[Problem]:
    """Report each output whose file cannot be opened."""
    for number, output in enumerate(model.config.output):
        path = files.below(model.path, output.label_filename)
        if output.label_filename and not files.is_file(path):
            place = f"output[{number}].label_filename"
            message = f"the label file '{output.label_filename}' is not in the model's folder"
            if files.is_folder(path):
                message = f"the label file '{output.label_filename}' is a folder, which ends the server"
            yield Problem(place, message, suggestion(output.label_filename, model.entries.files))
