"""The engines Job of the manifests on this machine: its own command lines, but for the build, which wants a GPU."""

import subprocess
import sys
from pathlib import Path

import pytest

from trireme.build import build
from trireme.delivery.publish import publish
from trireme.delivery.signing import Signer, make_keys
from trireme.discover import discover
from trireme.new import create

TRIREME = Path(sys.prefix) / "bin/trireme"


@pytest.fixture
def containers(render, tmp_path):
    """The Job's containers in their order, with the paths and variables that the kubelet would give them."""
    app, work = tmp_path / "app", tmp_path / "work"
    (app / "models").mkdir(parents=True)
    work.mkdir()
    create(app, "double", "python")
    (app / "models/double/README.md").write_text("**Licence** MIT\n")
    sources = discover(app)
    build(sources)
    (tmp_path / "signing").mkdir()
    (tmp_path / "signing-key").mkdir()
    public = make_keys(tmp_path / "signing-key/key.pem")
    public.rename(tmp_path / "signing/key.pub")
    publish(sources, str(tmp_path / "published"), Signer(tmp_path / "signing-key/key.pem"))
    given = {
        "/app/.": f"{app}/models",  # the image has the sources alone
        "/run/model-signing": str(tmp_path / "signing"),
        "$(MODELS_URL)": str(tmp_path / "published"),
        "$(PLANS_URL)": str(tmp_path / "plans"),
        "/work": str(work),
    }
    job = render("k8s/jobs/engines").find("Job", "engines")
    found = {}
    for container in job.containers:
        line = [*container.get("command", ()), *container.get("args", ())]
        for before, after in given.items():
            line = [word.replace(before, after) for word in line]
        found[container["name"]] = line if "command" in container else [TRIREME, *line]
    return found


def test_it_fetches_what_was_signed_and_publishes_it_with_its_plans_under_another_name(containers, tmp_path):
    assert list(containers) == ["copy", "fetch", "build", "publish"]
    for name, line in containers.items():
        if name == "build":  # what it leaves
            for plan in ("model.sm90.plan", "model.sm90.plan.json"):
                (tmp_path / "work/model_repository/double/1" / plan).write_text("{}")
            continue
        done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - the manifest's own line
        assert done.returncode == 0, (name, done.stderr)
    verify = [TRIREME, "verify", tmp_path / "plans", "--key", tmp_path / "signing/key.pub"]
    assert subprocess.run(verify, check=False, capture_output=True).returncode == 0  # noqa: S603
    assert (tmp_path / "plans/double/1/model.sm90.plan").is_file()
