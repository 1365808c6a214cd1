"""What the gateway's own description allows, and what it does not, as schemathesis draws it: never an error of the server.

Some routes here; all of them in `make chaos`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def ask(gateway, *flags):
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "run", f"{gateway.url}/openapi.json", "--checks", CHECKS, "--generation-deterministic", "--no-color"]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False)  # noqa: S603 - a pinned tool
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout


def test_the_friendly_routes_and_the_operators(gateway):
    ask(gateway, "--max-examples", "5", "--include-path-regex", "credit-risk|classify|healthz|problems|admin|metrics")


@pytest.mark.chaos
def test_the_shipped_repository(gateway):
    ask(gateway, "--max-examples", "15", "--suppress-health-check", "all", "--exclude-path-regex", "shape_detector")
    # a drawn image of shape_detector, 3 x 128 x 128 numbers in JSON, is more than schemathesis draws
