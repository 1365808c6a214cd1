"""Python environments of their own for tools and servers that are measured or used beside this project's."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

from trireme.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOME = ".trireme/environments"


def prepare(root: Path, name: str, requirements: Path, say: Callable[[str], None]) -> Path:
    """Return the bin folder of an environment with what a requirements file pins; it is made once for each text of it.

    Raises:
        BenchError: pip cannot install it.

    """
    folder = root / HOME / name
    stamp = folder / ".installed"
    wanted = hashlib.sha256(f"{sys.version}{requirements.read_text(encoding='utf-8')}".encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return folder / "bin"
    say(f"installing {name} into {HOME}/{name} ...")
    venv.create(folder, clear=True, with_pip=True)
    line = [
        str(folder / "bin/python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        str(requirements),
    ]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise BenchError(name, f"pip cannot install {requirements.name}: {last}", "see that the package registry is reachable")
    stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"
