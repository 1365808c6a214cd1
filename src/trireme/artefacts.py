"""The artefact of one version: made once per digest of its sources, kept in .trireme/artefacts, never changed."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trireme import digest, onnxio
from trireme.errors import ExportFailedError, GateFailedError
from trireme.tensors import Tensor
from trireme.worker import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trireme.spec import Model, Version

NO_JUDGES = frozenset({"README.md", "examples.json", "model.toml", "train.py"})
"""Files of a model that no gate reads."""
RECORD = "artefact.json"


@dataclass(frozen=True)
class Artefact:
    """The files of one version folder, what made them, and what they say of themselves.

    files and sources map paths to sha256; inputs and outputs are whole tensors as the graph states them, batch included, and
    empty where the format does not say.
    """

    folder: Path
    files: Mapping[str, str]
    sources: Mapping[str, str]
    packages: Mapping[str, str]
    measures: Mapping[str, float]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def key(model: Model, version: Version) -> str:
    """Return the digest of all that can change the artefact or the verdict of its gate."""
    parts = source_digests(version)
    for folder in (model.folder, *(model.folder.parent / name for name in model.gate_reads)):
        judges = [path for path in (*folder.glob("*"), *folder.glob("data/*")) if path.is_file() and path.name not in NO_JUDGES]
        parts |= {f"gate/{folder.name}/{path.name}": digest.of_file(path) for path in judges}
    if version.exports:
        parts |= {f"library/{path.name}": digest.of_file(path) for path in _library(version.folder)}
    parts |= {f"package/{name}": found for name, found in digest.of_packages(version.packages).items()}
    return digest.of_mapping(parts)


def find(model: Model, version: Version, cache: Path) -> Artefact | None:
    """Return the artefact when it is made already."""
    folder = _folder(model, version, cache)
    record = folder / RECORD
    return _read(folder, record) if record.is_file() else None


def make(model: Model, version: Version, cache: Path, *, measured: bool = True) -> Artefact:
    """Make the artefact: export, read its tensors, measure (unless a developer waits for it).

    Raises:
        ExportFailedError: the sources raised.

    """
    folder = _folder(model, version, cache)
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = folder.parent / f"{version.number}.log"
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-", ignore_cleanup_errors=True) as name:
        making = Path(name)
        os.chmod(making, 0o755)  # noqa: PTH101, S103 - mkdtemp's 0700 would follow the folder into the served tree
        _copy_served(version, making)
        measures = _run(model, version, making, log, measured=measured)
        stated = onnxio.Graph() if version.infers else onnxio.read_beside(making)
        if stated.problem:
            raise ExportFailedError(f"models/{model.name}", f"model.onnx is no graph that can be read: {stated.problem}", log)
        artefact = _describe(version, making, measures, stated)
        (making / RECORD).write_text(json.dumps(_to_json(artefact), indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        making.rename(folder)
    return _read(folder, folder / RECORD)


def prune(model: Model, kept: Iterable[Artefact], cache: Path) -> None:
    """Drop what earlier sources of the model made."""
    folders = {artefact.folder for artefact in kept}
    for path in (cache / model.name).iterdir():
        if path.is_dir() and path not in folders and not path.name.startswith(".making-"):
            shutil.rmtree(path, ignore_errors=True)


def check_gate(model: Model, version: Version, artefact: Artefact) -> None:
    """Refuse an artefact that measures less than model.toml asks for.

    Raises:
        GateFailedError: a measure is missing or too low.

    """
    for measure, least in version.gate.items():
        value = artefact.measures.get(measure, float("nan"))
        if not value >= least:
            raise GateFailedError(f"{model.place} version {version.number}", measure, value, least)


def source_digests(version: Version) -> dict[str, str]:
    """Return the digests of the files that decide a version's bytes, the adapter among them for a Python model."""
    found = digest.of_files(version.folder, version.sources())
    if version.infers and "model.py" not in found:
        found["model.py"] = digest.of_file(ADAPTER)
    return found


def _library(folder: Path) -> Iterator[Path]:
    """Yield the modules of this package that a model's sources import: they make its bytes as well."""
    names: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == __package__:
                names |= {alias.name for alias in node.names}
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                whole = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
                names |= {name.split(".")[1] for name in whole if name.startswith(f"{__package__}.")}
    for name in sorted(names):
        path = Path(__file__).with_name(f"{name}.py")
        if path.is_file():
            yield path


def _folder(model: Model, version: Version, cache: Path) -> Path:
    return cache / model.name / f"{version.number}-{key(model, version)[:16]}"


def _copy_served(version: Version, out: Path) -> None:
    """Copy what a Python model serves: its sources but export.py."""
    if not version.infers:
        return
    for path in version.sources():
        relative = path.relative_to(version.folder)
        if relative.as_posix() != "export.py":
            (out / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, out / relative)


def _run(model: Model, version: Version, out: Path, log: Path, *, measured: bool) -> dict[str, float]:
    """Run the worker and return its measures; its output goes to the log."""
    command = [sys.executable, "-m", "trireme.worker", str(version.folder), str(out)]
    if measured:
        command.append(str(model.folder / "gate.py"))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own sources
        command,
        cwd=model.folder.parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        raise ExportFailedError(_where(done.stderr, model), lines[-1], log)
    measures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measures


def _where(trace: str, model: Model) -> str:
    """Return the last line of the model's own sources in a traceback, as file:line."""
    found = re.findall(rf'File "{re.escape(str(model.folder))}/([^"]+)", line (\d+)', trace)
    return "models/" + "/".join([model.name, ":".join(found[-1])] if found else [model.name])


def _describe(version: Version, out: Path, measures: Mapping[str, float], stated: onnxio.Graph) -> Artefact:
    files = digest.of_files(out, (path for path in out.rglob("*") if path.is_file() and path.suffix != ".pyc"))
    packages = digest.of_packages(version.packages)
    return Artefact(out, files, source_digests(version), packages, measures, stated.inputs, stated.outputs)


def _to_json(artefact: Artefact) -> dict[str, object]:
    table = asdict(artefact)
    del table["folder"]
    return table


def _read(folder: Path, record: Path) -> Artefact:
    table = json.loads(record.read_text(encoding="utf-8"))
    for side in ("inputs", "outputs"):
        table[side] = tuple(Tensor(**{**row, "dims": tuple(row["dims"])}) for row in table[side])
    return Artefact(folder=folder, **table)
