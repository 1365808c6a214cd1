"""All that is known of an overlay without a cluster: what each check found, and what has to be there before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.cluster import chart, given, gpus, kustomize, promql, references, schemas, templates, traffic
from trireme.cluster.objects import strings
from trireme.errors import ClusterError, suggestion
from trireme.plan import TREE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.cluster.objects import Objects

OVERLAYS = "k8s/overlays"
NAMESPACE = "trireme"
VARIANT = "TRIREME_VARIANT"
"""The variable in a pod that becomes --model-config-name."""
FLAG = re.compile(r"^--model-config-name=([^$\s]+)$", re.MULTILINE)
"""The same, said outright."""


@dataclass(frozen=True)
class Report:
    """One overlay: its objects, what is wrong, what the cluster has to have, and what a release lacks."""

    name: str
    objects: Objects
    problems: tuple[str, ...]
    needs: tuple[str, ...]
    unready: tuple[str, ...]


def places(root: Path, named: tuple[str, ...]) -> list[Path]:
    """Return what names mean: folders, files of the chart's values, or names under k8s/overlays/; all of these for none.

    Raises:
        ClusterError: a name is none of them.

    """
    own = {path.parent.name: path.parent for path in sorted((root / OVERLAYS).glob("*/kustomization.yaml"))}
    found = []
    for name in named or tuple(own):
        place = own.get(name) or Path(name)
        if not place.is_file() and not (place / "kustomization.yaml").is_file():
            remedy = f"give a folder with a kustomization.yaml, a file of values for the chart, or one of {', '.join(own)}"
            raise ClusterError(name, "it is no overlay", remedy)
        found.append(place)
    return found


def check(root: Path, place: Path) -> Report:
    """Render an overlay, or the chart for a file of values, and ask every check.

    Raises:
        ClusterError: kustomize refuses the overlay or the chart its values, or a tool is not here.

    """
    charted = place.is_file()
    objects = templates.render(root / chart.FOLDER, place, namespace=NAMESPACE) if charted else kustomize.render(root, place)
    return Report(
        place.stem if charted else place.name,
        objects,
        tuple(_problems(root, objects)),
        tuple(given.lines(root, objects)),
        (*given.unset(objects), *given.unpinned(objects)),
    )


def _problems(root: Path, objects: Objects) -> Iterator[str]:
    yield from schemas.problems(root, objects)
    for one in (*references.CHECKS, *traffic.CHECKS):
        yield from one(objects)
    yield from given.problems(root, objects)
    yield from _variants(root, objects)
    yield from _slices(objects)
    yield from promql.problems(root, objects)


def _variants(root: Path, objects: Objects) -> Iterator[str]:
    """Yield names of variants that no model has: Triton would serve the base configs and say nothing."""
    known = {path.stem for path in (root / TREE).glob("*/configs/*.pbtxt")}
    for workload in objects.workloads():
        for container in workload.containers:
            for row in container.get("env", ()):
                if row["name"] == VARIANT and row.get("value") not in known:
                    yield f"{workload.place}: {VARIANT} is {row.get('value')!r}; {suggestion(str(row.get('value')), known)}"
            for name in FLAG.findall("\n".join(container.get("args", ()))):
                if name not in known:
                    yield f"{workload.place}: --model-config-name is {name!r}; {suggestion(name, known)}"


def _slices(objects: Objects) -> Iterator[str]:
    """Yield MIG slices that the GPU on whose nodes a pod is placed is not cut into: such a pod waits for ever."""
    labels = {label: gpu for gpu in gpus.known().values() for label in gpu.products}
    for workload in objects.workloads():
        placed = {labels[text] for _, text in strings(dict(workload.pod.get("affinity", {}))) if text in labels}
        for container in workload.containers:
            for resource in container.get("resources", {}).get("limits", {}):
                profile = resource.partition("nvidia.com/mig-")[2]
                for gpu in sorted(placed, key=lambda gpu: gpu.name) if profile else ():
                    if profile not in gpu.mig:
                        has = ", ".join(gpu.mig) or "none"
                        yield f"{workload.place}: {container['name']} wants {resource}; the slices of {gpu.name} are: {has}"
