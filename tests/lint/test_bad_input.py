"""Whatever lies in a repository: a finding with a place, never a traceback, in bounded time."""

import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trireme.errors import UnreadableError
from trireme.lint.repository import Options
from trireme.lint.run import lint

CODES = Options()
NOBODY = 65534


def found(path):
    return [(finding.code, finding.path) for finding in lint(path, CODES)]


@pytest.fixture
def unprivileged():
    """A folder of nobody's, and nobody to read it: permissions mean nothing to root."""
    with tempfile.TemporaryDirectory() as folder:
        lint(folder := Path(folder), CODES)  # nobody may not be able to import what is not imported yet
        root = os.geteuid() == 0
        if root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("a", "TR001"),
        ("a/config.pbtxt", "TR001"),
        ("a/1", "TR118"),
        ("a/1/model.py", "TR611"),
        ("a/1/model.onnx", "TR601"),
        ("lint.toml", ""),
    ],
)
def test_what_may_not_be_read_is_a_finding_or_ends_the_run_with_a_sentence(unprivileged, place, code):
    (unprivileged / "a" / "1").mkdir(parents=True)
    backend = "onnxruntime" if place.endswith("onnx") else "python"
    (unprivileged / "a" / "config.pbtxt").write_text(f'backend: "{backend}" max_batch_size: 8')
    for name in ("a/1/model.py", "a/1/model.onnx", "lint.toml"):
        (unprivileged / name).write_text("")
    path = unprivileged / place
    path.chmod(0)
    try:
        if code:
            assert found(unprivileged) == [(code, place)]
        else:
            with pytest.raises(UnreadableError, match=r"lint.toml cannot be read: .*Permission denied"):
                found(unprivileged)
    finally:
        path.chmod(0o700)


def test_an_empty_folder_is_a_finding(tmp_path):
    assert found(tmp_path) == [("TR006", ".")]


def test_a_file_in_place_of_a_folder_is_a_finding(tmp_path):
    (tmp_path / "file").write_text("x")
    assert found(tmp_path / "file") == [("TR006", ".")]


def test_files_beside_the_models_are_nothing(tmp_path):
    (tmp_path / "repo.lock").write_text("{}")
    assert found(tmp_path) == [("TR006", ".")]


def test_links_in_a_circle_are_findings(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1").symlink_to("1")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "a" / "config.pbtxt").write_text('backend: "python"')
    assert ("TR102", "a/config.pbtxt") in found(tmp_path)


def test_garbage_of_any_size_is_read_in_bounded_time(tmp_path):
    (tmp_path / "a" / "1").mkdir(parents=True)
    (tmp_path / "a" / "config.pbtxt").write_bytes(os.urandom(3 * 1024 * 1024))
    begun = time.monotonic()
    assert {code for code, _ in found(tmp_path)} <= {"TR002", "TR003"}
    assert time.monotonic() - begun < 60  # bounded, not fast: it takes a part of a second


def test_every_place_of_a_model_may_be_the_wrong_thing(tmp_path):
    for number, name in enumerate(("config.pbtxt", "configs", "1", "1/model.py", "1/model.onnx", "warmup")):
        for kind in ("file", "folder", "link", "pipe"):
            folder = tmp_path / f"m{number}{kind}"
            target = folder / name
            target.parent.mkdir(parents=True)
            if kind == "file":
                target.write_bytes(b"\0\xff")
            elif kind == "folder":
                target.mkdir()
            elif kind == "link":
                target.symlink_to("nowhere")
            else:
                os.mkfifo(target)
    lint(tmp_path, CODES)


@pytest.mark.parametrize("name", ["model.onnx", "model.py", "model.plan.json"])
@given(data=st.binary(max_size=400))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_in_a_models_file_are_read(tmp_path, name, data):
    backend = {"model.onnx": "onnxruntime", "model.py": "python", "model.plan.json": "tensorrt"}[name]
    version = tmp_path / name / "m" / "1"
    version.mkdir(parents=True, exist_ok=True)
    (version.parent / "config.pbtxt").write_text(f'backend: "{backend}"')
    (version / "model.plan").write_bytes(b"plan")
    (version / name).write_bytes(data)
    lint(tmp_path / name, CODES)


@given(st.binary(max_size=300))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_for_a_config_are_read(tmp_path, data):
    (tmp_path / "m" / "1").mkdir(parents=True, exist_ok=True)
    (tmp_path / "m" / "config.pbtxt").write_bytes(data)
    lint(tmp_path, CODES)
