"""The process itself: how it begins, how it ends, and what it does with connections that say nothing."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trireme.gateway.protocol import HEAD_SECONDS


def test_a_signal_ends_it_as_if_it_had_returned(start_gateway, server):
    gateway = start_gateway(server.grpc, "--insecure")
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(timeout=20) == 0


def test_a_port_that_is_taken_is_said_in_a_line(server, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        own = f'tracing = {{ port = 0, store = "{tmp_path}/traces.sqlite" }}'
        (tmp_path / "gateway.toml").write_text(own)
        flags = ["--config", str(tmp_path / "gateway.toml"), "--insecure", "--triton", server.grpc]
        words = [str(Path(sys.executable).with_name("trireme")), "gateway", *flags, "--port", str(taken.getsockname()[1])]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own command
    assert done.returncode == 2
    assert done.stderr.endswith("cannot be had; choose another with --port\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("sent", [b"", b"POST /v1/classify HTTP/1.1\r\nhost: local"])
def test_a_connection_that_says_nothing_or_half_is_cut_off(gateway, sent):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=2 * HEAD_SECONDS) as silent:
        silent.sendall(sent)
        begun = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert silent.recv(1) == b""
        assert time.monotonic() - begun < HEAD_SECONDS + 3


def test_a_name_in_the_settings_that_nothing_has_is_told(start_gateway, server):
    named = start_gateway(server.grpc, "--insecure", settings='cache = { models = ["nope"] }')
    assert "settings name 'nope', which is not served now" in named.log.read_text()


def test_a_port_without_a_triton_is_said_with_the_reason(tmp_path):
    command = [str(Path(sys.executable).with_name("trireme")), "gateway", "--insecure", "--triton", "grpc://127.0.0.1:1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    assert done.returncode == 2
    assert "no Triton can be asked what it serves at grpc://127.0.0.1:1" in done.stderr
    assert "refused" in done.stderr
    assert "Traceback" not in done.stderr
