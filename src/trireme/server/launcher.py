"""`tritonserver` in the environment: prepares the embedded server and becomes it; every flag is handed over.

Where a full Triton is installed, that one is run instead, untouched. Defaults are given only where the caller gave none.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.errors import TriremeError
from trireme.server import embedded

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL_TRITON = Path("/opt/tritonserver/bin/tritonserver")
LOOPBACK = "127.0.0.1"
REGION_PREFIX = "trireme"


def command(flags: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment of the server to run.

    Raises:
        ServerError: no server can run here.

    """
    full = full_triton()
    if full is not None:
        return [str(full), *flags], dict(os.environ)
    server = embedded.find()
    environment = embedded.environment(server, traced=any(flag.partition("=")[0] == "--trace-config" for flag in flags))
    defaults = {
        "--backend-directory": str(embedded.prepare_backends(server)),
        "--cache-directory": str(server.caches),
        "--http-address": LOOPBACK,
        "--grpc-address": LOOPBACK,
        "--metrics-address": LOOPBACK,
    }
    given = {flag.partition("=")[0] for flag in flags}
    missing = [f"{flag}={value}" for flag, value in defaults.items() if flag not in given]
    if not any("shm-region-prefix-name" in flag for flag in flags):
        missing.append(f"--backend-config=python,shm-region-prefix-name={REGION_PREFIX}-{os.getpid()}-")
    return [str(server.binary), *missing, *flags], environment


def full_triton() -> Path | None:
    """Return the executable of a full Triton: NVIDIA's own place, or another `tritonserver` on PATH than this one."""
    if FULL_TRITON.is_file():
        return FULL_TRITON
    own = Path(sys.prefix) / "bin"
    elsewhere = [path for path in os.get_exec_path() if Path(path).resolve() != own.resolve()]
    found = shutil.which("tritonserver", path=os.pathsep.join(elsewhere))
    # Another environment's launcher bears the name too; a full Triton has its backends beside bin/.
    return Path(found) if found and (Path(found).resolve().parents[1] / "backends").is_dir() else None


def main() -> None:
    """Become the server (the process is replaced, so signals reach it directly)."""
    try:
        line, environment = command(sys.argv[1:])
    except TriremeError as error:
        print(f"tritonserver: {error}", file=sys.stderr)
        sys.exit(2)
    os.execve(line[0], line, environment)  # noqa: S606 - the point of a launcher
