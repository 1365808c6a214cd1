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

from trireme.lint import files
from trireme.lint.finding import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR117"
SEVERITY = "warning"
LAST_TO_READ = "24.10"


def check(model: Model) -> Iterator[Problem]:
    """Report each file that is there and lies elsewhere."""
    for number, output in enumerate(model.config.output):
        path = files.below(model.path, output.label_filename)
        if output.label_filename and files.is_file(path) and not path.resolve().is_relative_to(model.path.resolve()):
            place, remedy = f"output[{number}].label_filename", "copy it into the model's folder"
            message = f"the label file '{output.label_filename}' lies outside of the model's folder"
            for severity, refuses in ((Severity.ERROR, True), (Severity.WARNING, False)):
                concerned = tuple(release for release in model.releases if (release > LAST_TO_READ) is refuses)
                if concerned:
                    some = concerned if concerned != model.releases else ()
                    yield Problem(place, message, remedy, releases=some, severity=severity)
