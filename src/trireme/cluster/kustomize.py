"""What kustomize makes of an overlay: by the kubectl that `make cluster-tools` puts into .trireme/bin, or one on the PATH."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from trireme.cluster import gpus
from trireme.cluster.objects import Objects
from trireme.errors import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

BIN = ".trireme/bin"
GPU = re.compile(r"generated/gpus/([\w.-]+)")
REMEDY = "`make cluster-tools` installs what is missing"


def tool(root: Path, name: str) -> str:
    """Return the path of a program, our own one first.

    Raises:
        ClusterError: it is not here.

    """
    own = root / BIN / name
    found = str(own) if own.is_file() else shutil.which(name)
    if found is None:
        raise ClusterError(name, "it is not installed", REMEDY)
    return found


def render(root: Path, overlay: Path) -> Objects:
    """Return the objects of an overlay.

    Raises:
        ClusterError: kustomize refuses it, with its reason.
        ValueRefusedError: it names a kind of GPU that is none; the known are listed.

    """
    if not (overlay / "kustomization.yaml").is_file():
        known = ", ".join(sorted(path.name for path in (root / "k8s/overlays").glob("*") if path.is_dir()))
        raise ClusterError(str(overlay), "there is no kustomization.yaml", f"ours are in k8s/overlays: {known}")
    for name in GPU.findall((overlay / "kustomization.yaml").read_text(encoding="utf-8")):
        gpus.find(name)
    line = [tool(root, "kubectl"), "kustomize", str(overlay)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own line
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or ["it failed"])[0].removeprefix("error: ")
        raise ClusterError(str(overlay), problem, "mend what it names")
    return Objects.parse(done.stdout)
