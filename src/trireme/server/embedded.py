"""The tritonserver inside the nvidia-pytriton wheel, made ready to run by itself (ARCHITECTURE.md).

It wants a backend directory of its own (the python backend with the running interpreter's stub, and the twins), the
interpreter's shared libpython first on the library path, and the virtual environment first on PATH.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from importlib.metadata import version as installed
from importlib.util import find_spec
from pathlib import Path

from trireme import digest
from trireme.errors import ServerError
from trireme.worker import ADAPTER

PACKAGE = Path(__file__).parents[1]
TCMALLOC = "libtcmalloc_minimal.so.4", "libtcmalloc.so.4"


@dataclass(frozen=True)
class Embedded:
    """Where the wheel keeps the server."""

    home: Path
    libraries: Path

    @property
    def binary(self) -> Path:
        """Return the server's executable."""
        return self.home / "bin" / "tritonserver"

    @property
    def caches(self) -> Path:
        """Return the directory of response caches."""
        return self.home / "caches"

    @property
    def stub(self) -> Path:
        """Return the stub of the running interpreter's minor version."""
        return (
            self.home / "python_backend_stubs" / f"{sys.version_info[0]}.{sys.version_info[1]}" / "triton_python_backend_stub"
        )


def find() -> Embedded:
    """Locate the embedded server without importing pytriton.

    Raises:
        ServerError: the wheel is not installed, or its server cannot run in this environment.

    """
    spec = find_spec("pytriton")
    if spec is None or not spec.submodule_search_locations:
        message = "the embedded tritonserver is missing; install nvidia-pytriton==0.7.0 (`make setup` does)"
        raise ServerError(message)
    package = Path(spec.submodule_search_locations[0])
    server = Embedded(package / "tritonserver", package.parent / "nvidia_pytriton.libs")
    if not server.stub.is_file():
        message = f"Python {sys.version_info[0]}.{sys.version_info[1]} has no stub in nvidia-pytriton; use Python 3.10 to 3.13"
        raise ServerError(message)
    _check_numpy()
    return server


def prepare_backends(server: Embedded) -> Path:
    """Return the backend directory: python with its stub, and each twin with the files that they share.

    It lies in the virtual environment, named by the digest of all it is made from, so it is assembled once.
    """
    shared = sorted(twins_folder().glob("*.py"))
    parts = {**digest.of_files(twins_folder(), twins_folder().rglob("*.py")), "adapter": digest.of_file(ADAPTER)}
    target = Path(sys.prefix) / "var" / "trireme" / f"backends-{digest.of_mapping({**parts, 'stub': str(server.stub)})[:16]}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=target.parent)) / "backends"
    shutil.copytree(server.home / "backends", staging, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(server.stub, staging / "python")
    for twin in sorted(path.parent for path in twins_folder().glob("*/model.py")):
        shutil.copytree(twin, staging / twin.name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in shared:
            shutil.copyfile(path, staging / twin.name / path.name)
        shutil.copyfile(ADAPTER, staging / twin.name / "batching.py")
    with contextlib.suppress(OSError):  # another server's launcher was faster
        staging.rename(target)
    shutil.rmtree(staging.parent, ignore_errors=True)
    return target


def twins_folder() -> Path:
    """Return backends/: inside an installed package, or beside src/ in a checkout."""
    for folder in (PACKAGE / "backends", PACKAGE.parents[1] / "backends"):
        if folder.is_dir():
            return folder
    message = f"the twins are missing: no backends/ beside {PACKAGE}"
    raise ServerError(message)


def environment(server: Embedded, *, traced: bool = False) -> dict[str, str]:
    """Return the environment the server needs, on top of ours.

    One that traces keeps libc's malloc: under tcmalloc it loses the spans of one request in five, else of one in thirty.

    Raises:
        ServerError: this Python has no shared libpython, which the stubs link.

    """
    paths = [str(libpython().parent), str(server.libraries), os.environ.get("LD_LIBRARY_PATH", "")]
    return {
        **os.environ,
        "LD_LIBRARY_PATH": ":".join(path for path in paths if path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "LC_ALL": "C.UTF-8",
        # A stub's numpy would keep a spinning thread a core; models that compute much use runtimes with threads of their own.
        "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
        "LD_PRELOAD": os.environ.get("LD_PRELOAD", "" if traced else tcmalloc()),
    }


def tcmalloc() -> str:
    """Return the path of tcmalloc's library, in the virtual environment or the system's; empty where there is none.

    What one thread of Triton allocates, another frees, which libc's malloc is slow at. Triton's own image brings tcmalloc:
    https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_management.md#model-control-mode-explicit.
    """
    folders = Path(sys.prefix) / "lib", Path("/usr/lib") / (sysconfig.get_config_var("MULTIARCH") or ""), Path("/usr/lib64")
    found = [folder / name for folder in folders for name in TCMALLOC if (folder / name).is_file()]
    return str(found[0]) if found else ""


def libpython() -> Path:
    """Return the running interpreter's shared library.

    Raises:
        ServerError: there is none.

    """
    name = f"libpython{sys.version_info[0]}.{sys.version_info[1]}.so.1.0"
    folders = [sysconfig.get_config_var("LIBDIR"), f"{sys.base_prefix}/lib"]
    multiarch = sysconfig.get_config_var("MULTIARCH")
    if multiarch:
        folders += [f"{folder}/{multiarch}" for folder in ("/usr/lib", "/lib")]
    for folder in folders:
        if folder and (Path(folder) / name).is_file():
            return Path(folder) / name
    message = (
        f"this Python ({sys.executable}) has no shared {name}, which Triton's stubs link; on Debian or Ubuntu run "
        f"`apt-get install {name.removesuffix('.so.1.0')}`, elsewhere use a Python built with --enable-shared"
    )
    raise ServerError(message)


def _check_numpy() -> None:
    """Refuse numpy 2: under it the embedded server's stub corrupts tensors in silence."""
    found = installed("numpy")
    if int(found.partition(".")[0]) >= 2:  # noqa: PLR2004 - the major version
        message = f"numpy {found} corrupts tensors in the embedded server; install numpy<2 (`make setup` does)"
        raise ServerError(message)
