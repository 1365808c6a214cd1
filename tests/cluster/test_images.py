"""Images: a release is built from digests alone."""

import re
from pathlib import Path

import pytest

from trireme.cluster import images
from trireme.errors import ClusterError

ROOT = Path(__file__).parents[2]
STAGE = re.compile(r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", re.MULTILINE | re.DOTALL)
INSTALLS = re.compile(r"\binstall\b[^&\n]*")
NO_TOOL = "python3-libnvinfer="  # TensorRT for Python, in the version of the image's own: with it an engine is built
GOOD = "sha256:" + "a" * 64


def write(root, digest):
    row = f'{{name = "r/x", tag = "1", digest = "{digest}"}}'
    (root / "versions.toml").write_text(f"[images]\ntriton = {row}\npython = {row}\nvllm = {row}\n")
    return root


def test_a_release_without_a_digest_is_refused_with_how_to_find_it(tmp_path):
    with pytest.raises(ClusterError, match=r"images.triton has no digest.*`docker buildx imagetools inspect r/x:1`"):
        images.arguments(write(tmp_path, ""), release=True)


def test_a_trial_takes_the_tag_and_a_release_the_digest(tmp_path):
    assert images.arguments(write(tmp_path, ""), release=False)[1] == "TRITON=r/x:1"
    assert images.arguments(write(tmp_path, GOOD), release=True)[1] == f"TRITON=r/x:1@{GOOD}"


def test_a_digest_that_is_none_is_refused(tmp_path):
    with pytest.raises(ClusterError, match="it is sha256: and 64 digits"):
        images.rows(write(tmp_path, "latest"))


def last_stages():
    """Return the text of each image's last stage, with those that it stands on."""
    stages = {name: (parent, text) for parent, name, text in STAGE.findall((ROOT / "Dockerfile").read_text())}
    targets = re.search(r"Targets: (.+)\.$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return {name: chain(stages, name) for name in targets[1].split(", ")}


def chain(stages, name):
    return chain(stages, stages[name][0]) + stages[name][1] if name in stages else ""


def test_nothing_is_installed_where_an_image_ends_but_what_it_runs_by():
    installed = {name: [one for one in INSTALLS.findall(text) if NO_TOOL not in one] for name, text in last_stages().items()}
    assert set(installed) == {"triton", "triton-models", "tools", "gateway", "models", "engines", "vllm"}
    assert not any(installed.values())


def test_what_an_image_copies_from_a_stage_that_builds_has_left_pip_behind():
    text = (ROOT / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY --from=(\S+) /opt/trireme ", text, re.MULTILINE))
    building = {name: body for _, name, body in STAGE.findall(text) if name in copied}
    assert set(building) == {"wheels", "engines-packages"}
    assert all("/opt/trireme/bin/pip uninstall --yes pip" in body for body in building.values())
