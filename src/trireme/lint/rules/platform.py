"""A platform that belongs to no backend.

`platform` alone names a backend only for the few that had one before backends did; everything else is `backend`.

Bad::

    platform: "python"

Good::

    backend: "python"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.errors import suggestion
from trireme.lint.finding import Problem
from trireme.lint.identity import LAST_WITHOUT_NEWER, NEWER, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR108"
SEVERITY = "error"
TRITON = r"unexpected platform type"


def check(model: Model) -> Iterator[Problem]:
    """Report a config without a backend whose platform does not stand for one."""
    older = tuple(release for release in model.releases if release <= LAST_WITHOUT_NEWER)
    if model.platform in NEWER and older:
        message = f"{', '.join(older)} does not know the platform '{model.platform}'"
        yield Problem("platform", message, "leave it to newer releases: write it into configs/<name>.pbtxt", releases=older)
        return
    named = model.platform or model.config.default_model_filename
    if model.backend or model.platform == "ensemble" or not named:
        return
    remedy = suggestion(model.platform, [*PLATFORMS, "ensemble"]) if model.platform else 'add a line: backend: "..."'
    if model.platform in {"python", "onnxruntime", "tensorrt", "pytorch", "openvino", "vllm"}:
        remedy = f'write backend: "{model.platform}"'
    yield Problem("platform", f"no backend belongs to platform '{model.platform}'", remedy)
