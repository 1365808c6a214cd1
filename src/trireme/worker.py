"""Make and measure one artefact in a process of its own: `python -m trireme.worker <sources> <model folder> <out>`.

Runs export.py's `export(out)` where there is one, copies what a Python model serves, then gate.py's `measure(out)`, and
prints the measures as JSON on the last line.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from trireme.sources import load_module

ADAPTER = Path(__file__).with_name("adapter") / "model.py"


def make(sources: Path, out: Path) -> None:
    """Write a version folder's files into out (an empty folder)."""
    if (sources / "export.py").is_file():
        load_module(sources / "export.py").export(out)
    if (sources / "infer.py").is_file():
        shutil.copyfile(ADAPTER, out / "model.py")


def measure(folder: Path, out: Path) -> dict[str, float]:
    """Return what the model's gate.py measures on the artefact, nothing where it has none."""
    gate = folder / "gate.py"
    if not gate.is_file():
        return {}
    return {name: float(value) for name, value in load_module(gate).measure(out).items()}


def main() -> None:
    sources, folder, out = (Path(argument) for argument in sys.argv[1:4])
    make(sources, out)
    print()
    print(json.dumps(measure(folder, out)))


if __name__ == "__main__":
    main()
