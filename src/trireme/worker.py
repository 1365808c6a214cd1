"""Make and measure one artefact in a process of its own: `python -m trireme.worker <sources> <out> [gate.py]`.

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
        compile((sources / "infer.py").read_bytes(), "infer.py", "exec", dont_inherit=True)
    if (sources / "infer.py").is_file() and not (sources / "model.py").is_file():
        shutil.copyfile(ADAPTER, out / "model.py")


def measure(gate: Path, out: Path) -> dict[str, float]:
    """Return what a gate.py measures on the artefact, nothing where there is none."""
    if not gate.is_file():
        return {}
    return {name: float(value) for name, value in load_module(gate).measure(out).items()}


def main() -> None:
    """Make and measure what the command line names."""
    sources, out, *gates = (Path(argument) for argument in sys.argv[1:])
    make(sources, out)
    print()
    print(json.dumps({name: value for gate in gates for name, value in measure(gate, out).items()}))


if __name__ == "__main__":
    main()
