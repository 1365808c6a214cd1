"""`trireme demo`: run the page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

PAGE = Path(__file__).with_name("page.py")


def run(gateway: str, key: str, port: int, host: str) -> NoReturn:
    """Become the page's server, which the terminal's signals reach."""
    flags = {
        "server.port": port,
        "server.address": host,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "server.fileWatcherType": "none",
        "client.toolbarMode": "minimal",
    }
    words = [f"--{name}={value}" for name, value in flags.items()]
    command = [sys.executable, "-m", "streamlit", "run", str(PAGE), *words]
    os.execve(sys.executable, command, {**os.environ, "TRIREME_GATEWAY": gateway, "TRIREME_KEY": key})  # noqa: S606 - our own page
