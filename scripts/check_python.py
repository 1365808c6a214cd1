"""Say what this Python lacks, and how to get it, before anything is installed."""

import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
LIBRARY = f"libpython{MINOR}.so.1.0"


def missing() -> list[str]:
    found = []
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        found.append(f"Python 3.10 to 3.13 is needed, and this is {MINOR}: run `make PYTHON=python3.12 ...`")
    if find_spec("ensurepip") is None:
        found.append("this Python cannot make virtual environments: `apt-get install python3-venv`")
    folders = [sysconfig.get_config_var("LIBDIR") or "", f"{sys.base_prefix}/lib"]
    folders.append(f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}")
    if not any((Path(folder) / LIBRARY).is_file() for folder in folders):
        found.append(f"this Python has no shared {LIBRARY}, which the server links: `apt-get install libpython{MINOR}`")
    return found


if __name__ == "__main__":
    problems = missing()
    for problem in problems:
        print(f"setup: {problem}", file=sys.stderr)
    sys.exit(2 if problems else 0)
