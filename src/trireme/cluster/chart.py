"""The Helm chart, written from what kustomize renders: the same objects, each choice of components under a value.

Kustomize renders what each axis chooses first, and once more for every other choice; `folding` makes one template of what each
object is in all of them. Its few holes are those of `holes`.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from trireme import __version__, digest
from trireme.cluster import holes, images, kustomize
from trireme.cluster.chartvalues import REFUSED, axes, axis, components, schema, settings, values
from trireme.cluster.folding import fold, guarded
from trireme.cluster.templates import SCHEMA
from trireme.discover import read_toml
from trireme.errors import ClusterError
from trireme.files import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trireme.cluster.chartvalues import Setting
    from trireme.cluster.folding import Axis, Lines
    from trireme.cluster.objects import Objects

    Views = Mapping[Setting, Lines]
    """What one object is in each setting that has it."""

FOLDER = "k8s/chart"
WORK = ".trireme/chart"
HEADER = "# Written by `make k8s` from k8s/components and src/trireme/cluster/: edit those, not this.\n"
GENERATED_NAME = re.compile(r"^((?:ConfigMap|Secret)/.+)-[bcdfghkmt2456789]{10}$")
"""A place whose name kustomize made unique: it writes digits that could make a word as others."""


def texts(root: Path) -> dict[str, str]:
    """Return every file of the chart by its path under k8s/chart/.

    Raises:
        ClusterError: kustomize refuses a setting or is not here, or two choices change the same lines.

    """
    tags = images.tags(root)
    found = {
        "Chart.yaml": HEADER + _chart(read_toml(root / "versions.toml")["production"]["release"]),
        "values.yaml": HEADER + values(tags),
        SCHEMA: schema(),
        "templates/refused.yaml": HEADER + _refused(),
    }
    files: dict[str, list[tuple[str, Lines]]] = {}
    for place, views in _views(root, tags).items():
        guard, condition = _guard(place, views)
        name = re.sub("([A-Z])", r"-\1", guard.partition(".")[0]).lower() or "base"
        files.setdefault(name, []).append((condition, ("---", *_template(place, views))))
    return found | {f"templates/{name}.yaml": HEADER + _file(rows) for name, rows in files.items()}


def stale(root: Path) -> dict[str, str]:
    """Return the text of each path that is not as it would be written now; empty for a file that nothing stands behind."""
    folder, wanted = root / FOLDER, texts(root)
    present = {path.relative_to(folder).as_posix() for path in folder.glob("templates/*.yaml")}
    return dict.fromkeys(sorted(present - set(wanted)), "") | {
        path: text
        for path, text in wanted.items()
        if not (folder / path).is_file() or (folder / path).read_text("utf-8") != text
    }


def write(root: Path) -> list[str]:
    """Write what is stale, and remove what nothing stands behind; return those paths. Unchanged, nothing is rendered."""
    stamp = root / WORK / "stamp"
    if stamp.is_file() and stamp.read_text("utf-8") == _state(root):
        return []
    found = stale(root)
    for path, text in found.items():
        (root / FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        if text:
            replace(root / FOLDER / path, text)
        else:
            (root / FOLDER / path).unlink()
    replace(stamp, _state(root))
    return list(found)


def _state(root: Path) -> str:
    """Return the digest of all that the chart follows from, and of the chart."""
    folders = [root / "k8s" / name for name in ("base", "components", "generated", "chart")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [root / "versions.toml", *Path(__file__).parent.glob("*.py"), *Path(__file__).parent.glob("*.toml")]
    return digest.of_mapping({str(path): digest.of_file(path) for path in sorted(files)})


def overlay(names: Iterable[str]) -> dict[str, Any]:
    """Return the kustomization, in a folder of .trireme/chart/, of the base with components under k8s/."""
    up = "../../../k8s"
    return {
        "namespace": "trireme",
        "resources": [f"{up}/base"],
        "components": [*(f"{up}/{name}" for name in names), f"{up}/generated/images"],
        "images": [{"name": one, "newName": f"{holes.REGISTRY}/{one}"} for one in images.OURS],
    }


def _views(root: Path, tags: Mapping[str, str]) -> dict[str, dict[Setting, Lines]]:
    """Return what each object is in each setting, by its place."""

    def rendered(setting: Setting) -> Objects:
        folder = root / WORK / ("-".join(word.replace(".", "-") for pair in setting for word in pair) or "first")
        folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(overlay(components(setting)))
        replace(folder / "kustomization.yaml", text)  # whole at once: another run may render it now
        return kustomize.render(root, folder)

    every = settings()
    found: dict[str, dict[Setting, Lines]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for setting, objects in zip(every, pool.map(rendered, every), strict=True):
            for one in objects.every:
                if one.kind != "Namespace":
                    found.setdefault(GENERATED_NAME.sub(r"\1", one.place), {})[setting] = holes.lines(one, tags)
    return found


def _guard(place: str, views: Views) -> tuple[str, str]:
    """Return the axis without some of whose choices an object is not there, and the condition that it is; empty for none.

    Raises:
        ClusterError: there are two such axes, or two choices make it together.

    """
    found = []
    for name, choices in axes().items():
        first = next(iter(choices))
        present = [choice for choice in choices if (() if choice == first else ((name, choice),)) in views]
        if present and len(present) < len(choices):
            found.append((name, axis(name).among(present)))
    if len(found) > 1 or not (found or () in views):
        said = " and ".join(name for name, _ in found) or "two choices together"
        raise ClusterError(f"{FOLDER}: {place}", f"whether it is there depends on {said}", "let one choice make it")
    return found[0] if found else ("", "")


def _template(place: str, views: Views) -> list[str]:
    """Return the lines of one object's template.

    Raises:
        ClusterError: what a choice changes depends on another choice.

    """
    base = next(iter(views.values()))
    changed: dict[Axis, dict[str, Lines]] = {}
    for setting, lines in views.items():
        before = views.get(setting[:-1], base)
        if lines == before:
            continue
        name, choice = setting[-1]
        if before != base:
            raise ClusterError(f"{FOLDER}: {place}", f"what {name} changes depends on {setting[0][0]}", "make them one choice")
        changed.setdefault(axis(name), {})[choice] = lines
    return holes.opened(fold(place, base, changed))


def _file(rows: list[tuple[str, Lines]]) -> str:
    lines: list[str] = []
    for condition, group in groupby(rows, key=lambda row: row[0]):
        inner = [line for _, template in group for line in template]
        lines += guarded(condition, inner) if condition else inner
    return "\n".join(lines) + "\n"


def _refused() -> str:
    return "".join("\n".join(guarded(condition, [f'{{{{ fail "{said}" }}}}'])) + "\n" for condition, said in REFUSED.items())


def _chart(release: str) -> str:
    table = {
        "apiVersion": "v2",
        "name": "trireme",
        "description": "Triton over a signed model repository: the same objects as k8s/overlays, for those who need a chart.",
        "type": "application",
        "version": __version__,
        "appVersion": release,
        "kubeVersion": ">=1.33.0-0",
    }
    return str(yaml.safe_dump(table, sort_keys=False))
