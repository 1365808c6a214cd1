"""The pod of the manifests on this machine: its own command lines over a published repository, by the embedded server."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import grpc
import pytest
import yaml
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as stubs

from trireme.build import build
from trireme.client import Client
from trireme.delivery.publish import publish
from trireme.delivery.signing import Signer, make_keys
from trireme.discover import discover
from trireme.new import create
from trireme.server.process import SHARED_MEMORY, Ports, Server

ROOT = Path(__file__).parents[2]
TRIREME = Path(sys.prefix) / "bin/trireme"
OURS = ("--model-repository", "--backend-config")
"""Flags that this machine's server is given anyway."""
NEWER = ("--http-max-input-size",)
"""Flags that the embedded release has not yet."""


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("pod")
    (root / "models").mkdir()
    create(root, "double", "python")
    (root / "models/double/README.md").write_text("**Licence** MIT\n")
    build(discover(root))
    public = make_keys(root / "key.pem")
    publish(discover(root), str(root / "published"), Signer(root / "key.pem"))
    return root, public


def described(render, container):
    """Return a container as the manifests have it."""
    pod = render("k8s/overlays/dev").find("Deployment", "triton").pod
    return next(one for one in (*pod["initContainers"], *pod["containers"]) if one["name"] == container)


def arguments(render, container):
    """Return what a container is given as the kubelet would, with the variables of the pod filled in."""
    found = described(render, container)
    given = {row["name"]: row.get("value", "secret") for row in found.get("env", ())}
    lines = list(found["args"])
    for name, value in given.items():
        lines = [line.replace(f"$({name})", value) for line in lines]
    return lines


@pytest.fixture
def pod(published, render, tmp_path):
    """The pod's three containers in their order: deliver, medic, triton."""
    root, public = published
    paths = {
        "/repository": str(root / "published"),
        "/models/tree": str(tmp_path / "tree"),
        "/run/model-signing/key.pub": str(public),
        "/run/secrets/triton-admin/key": str(tmp_path / "key"),
    }
    ports, health = Ports.free(), Ports.free().http
    (tmp_path / "key").write_text("secret\n")

    def here(container):
        moved = {**paths, "0.0.0.0:9000": f"127.0.0.1:{health}", "127.0.0.1:8001": f"127.0.0.1:{ports.grpc}"}
        text = "\n".join(arguments(render, container))
        for inside, outside in moved.items():
            text = text.replace(inside, outside)
        return text.split("\n")

    subprocess.run([TRIREME, *here("deliver")], check=True, capture_output=True)  # noqa: S603
    flags = tuple(flag for flag in here("triton") if not flag.startswith((*OURS, *NEWER)))
    medic = subprocess.Popen([TRIREME, *here("medic")], stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        with Server(tmp_path / "tree", tmp_path / "log", ports=ports, flags=flags) as server:
            yield server, f"http://127.0.0.1:{health}", medic
    finally:
        medic.send_signal(signal.SIGTERM)
        medic.communicate(timeout=10)


def test_it_becomes_ready_serves_and_keeps_its_load_api_to_the_medic(pod, wait_until):
    server, health, medic = pod
    wait_until(lambda: urllib.request.urlopen(f"{health}/ready").status == 200, seconds=15)
    with Client(server.grpc) as client:
        assert client.infer("double", {"x": [[1.5]]})["y"].item() == 3.0
    with grpc.insecure_channel(server.grpc.removeprefix("grpc://")) as channel, pytest.raises(grpc.RpcError) as refusal:
        stubs.GRPCInferenceServiceStub(channel).RepositoryModelUnload(pb.RepositoryModelUnloadRequest(model_name="double"))
    assert "restricted" in refusal.value.details()
    asked = urllib.request.Request(f"{server.http}/v2/repository/models/double/unload", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(asked)
    assert json.loads(medic.stdout.readline())["event"] == "watching"
    subprocess.run(["/usr/bin/pkill", "-KILL", "-f", f"stub .*{server.repository}/double/"], check=True)  # noqa: S603
    events = [json.loads(medic.stdout.readline())["event"] for _ in range(3)]
    assert events == ["model", "reload", "reloaded"]
    text = urllib.request.urlopen(f"{health}/metrics").read().decode()
    assert 'trireme_medic_reloads_total{model="double"} 1.0' in text
    assert 'trireme_medic_model_instances{model="double"} 1.0' in text
    server.kill()


def test_triton_begins_with_shared_memory_that_no_killed_one_fills(render, tmp_path):
    for name in ("trireme-pod-dead", "trireme-pod-dead too", "others"):
        (tmp_path / name).touch()
    (tmp_path / "bin").mkdir()
    server = tmp_path / "bin/tritonserver"
    server.write_text('#!/bin/sh\nprintf "%s\\n" $$ "$@"\n')
    server.chmod(0o755)
    command = [word.replace(str(SHARED_MEMORY), str(tmp_path)) for word in described(render, "triton")["command"]]
    flags = arguments(render, "triton")
    path = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    with subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, text=True, env=path) as started:  # noqa: S603
        said = started.communicate()[0].splitlines()
    assert said == [str(started.pid), *flags]  # by the same process: SIGTERM comes to Triton itself
    assert "--backend-config=python,shm-region-prefix-name=trireme-pod-" in flags
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "others"]


def test_kserves_triton_begins_like_ours(render):
    (theirs,) = yaml.safe_load((ROOT / "k8s/components/kserve/runtime.yaml").read_text())["spec"]["containers"]
    assert theirs["command"] == described(render, "triton")["command"]
    assert "--backend-config=python,shm-region-prefix-name=trireme-pod-" in theirs["args"]
