"""k8s/generated/: the parts of the manifests that follow from the models and versions.toml; committed, and diffed in CI."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import yaml

from trireme.cluster import gpus, images, shm
from trireme.files import replace
from trireme.plan import TREE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trireme.cluster.gpus import Gpu
    from trireme.discover import Sources

FOLDER = "k8s/generated"
HEADER = "# Written by `make k8s`: edit {source}, not this.\n"
SIZES = "the models (`trireme shm` shows how)"
COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
BASE_MEMORY, GPU_MEMORY = 2 << 30, 6 << 30
"""Of Triton, its backends and the models' weights [bytes], beside /dev/shm; with a GPU also CUDA's and TensorRT's libraries."""


def texts(sources: Sources) -> dict[str, str]:
    """Return every generated file by its path under k8s/generated/."""
    count = shm.size(shm.needs(sources))
    found = {name: _component(SIZES, {"patches": [patch]}) for name, patch in _sizes(count).items()}
    found |= {"images/kustomization.yaml": _images(sources.root)}
    for gpu in gpus.known().values():
        found[f"gpus/{gpu.name}/kustomization.yaml"] = _gpu(gpu, variant(sources, gpu))
    return found


def variant(sources: Sources, gpu: Gpu) -> str:
    """Return the --model-config-name for a GPU: its own where a model has one, else the one for all GPUs."""
    return gpu.name if any((sources.root / TREE).glob(f"*/configs/{gpu.name}.pbtxt")) else "gpu"


def stale(sources: Sources) -> list[str]:
    """Return the paths that are not as they would be generated now."""
    folder = sources.root / FOLDER
    wanted = texts(sources)
    present = (
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} if folder.is_dir() else set()
    )
    changed = {path for path, text in wanted.items() if path in present and (folder / path).read_text("utf-8") != text}
    return sorted(changed | (set(wanted) ^ present))


def write(sources: Sources) -> list[str]:
    """Write what is stale and remove what nothing stands behind; return those paths."""
    folder, wanted, done = sources.root / FOLDER, texts(sources), stale(sources)
    for path in done:
        if path in wanted:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            replace(folder / path, wanted[path])
        else:
            (folder / path).unlink()
            if not any((folder / path).parent.iterdir()):
                shutil.rmtree((folder / path).parent)
    return done


def _sizes(count: int) -> dict[str, dict[str, object]]:
    """Return the patches of memory for Triton, for one with a GPU and for KServe's runtime, with a /dev/shm [bytes]."""
    memory, size = f"{(BASE_MEMORY + count) >> 20}Mi", f"{count >> 20}Mi"
    volumes = [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}]
    names = {"/spec/containers/0/name": "kserve-container", "/spec/volumes/0/name": "shm"}
    paths = {f"/spec/containers/0/resources/{which}/memory": memory for which in ("requests", "limits")}
    paths["/spec/volumes/0/emptyDir/sizeLimit"] = size
    changes = [{"op": "test", "path": path, "value": value} for path, value in names.items()]
    changes += [{"op": "replace", "path": path, "value": value} for path, value in paths.items()]
    target = {"kind": "ClusterServingRuntime", "name": "trireme-triton"}
    return {
        "sizes/kustomization.yaml": _patch({"containers": [_limited(memory)], "volumes": volumes}),
        "sizes-gpu/kustomization.yaml": _patch({"containers": [_limited(f"{(GPU_MEMORY + count) >> 20}Mi")]}),
        "sizes-kserve/kustomization.yaml": {"target": target, "patch": Block(yaml.safe_dump(changes, sort_keys=False))},
    }


def _limited(memory: str) -> dict[str, object]:
    return {"name": "triton", "resources": {"requests": {"memory": memory}, "limits": {"memory": memory}}}


def _images(root: Path) -> str:
    rows = [{"name": name, "newTag": tag} for name, tag in images.tags(root).items()]
    for key, row in images.rows(root).items():
        if key in images.PULLED:
            pin = {"digest": row["digest"]} if row.get("digest") else {"newTag": row["tag"]}
            rows.append({"name": key, "newName": row["name"], **pin})
    return _component("versions.toml and the repository's lock", {"images": rows})


def _gpu(gpu: Gpu, name: str) -> str:
    match = {"key": "nvidia.com/gpu.product", "operator": "In", "values": list(gpu.products)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [match]}]}
    placed = {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}
    spec = {**placed, "containers": [{"name": "triton", "env": [{"name": "TRIREME_VARIANT", "value": name}]}]}
    patches = [_patch(spec), _patch(placed, "Job", "engines", "batch/v1")]
    return _component("src/trireme/cluster/gpus.toml", {"patches": patches})


def _patch(
    spec: Mapping[str, object], kind: str = "Deployment", name: str = "triton", version: str = "apps/v1"
) -> dict[str, object]:
    """Return a patch of the pods of a workload, where an overlay has it."""
    template = {"spec": {"template": {"spec": spec}}}
    workload = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **template}
    return {"target": {"kind": kind, "name": name}, "patch": Block(yaml.safe_dump(workload, sort_keys=False))}


class Block(str):
    """A text that YAML writes as a block."""

    __slots__ = ()


def _component(source: str, table: Mapping[str, object]) -> str:
    return HEADER.format(source=source) + str(yaml.dump({**COMPONENT, **table}, Dumper=_Dumper, sort_keys=False, width=120))


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    pass


_Dumper.add_representer(Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|"))
