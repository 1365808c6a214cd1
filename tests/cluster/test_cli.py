"""`trireme k8s` and `trireme shm` at the command line."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from trireme.cli import cli
from trireme.cluster import chart, generate

ROOT = Path(__file__).parents[2]


def ask(*words):
    return CliRunner().invoke(cli, list(words))


def test_an_overlay_of_ours_is_right_and_its_yaml_can_be_kept(tmp_path):
    done = ask("k8s", "dev", "--out", str(tmp_path))
    assert done.exit_code == 0
    assert "dev           10 objects  right, 4 to set or pin before a release" in done.output
    assert "needs Secret/triton-admin: kubectl" in done.output
    assert len(list(yaml.safe_load_all((tmp_path / "dev.yaml").read_text()))) == 10


def test_a_release_of_it_is_refused_by_what_is_missing():
    done = ask("k8s", "prod", "--release")
    assert done.exit_code == 1
    assert "models-url is not set" in done.output


def test_an_overlay_of_anybodys_is_checked(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [service.yaml]\n")
    (tmp_path / "service.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {app: x}, ports: [{port: 80}], kind: y}\n"
    )
    done = ask("k8s", str(tmp_path))
    assert done.exit_code == 1
    assert "Service/x: no pod has the labels {'app': 'x'}" in done.output
    assert "'kind' was unexpected" in done.output


def test_a_generated_file_that_is_stale_fails_in_ci(monkeypatch):
    monkeypatch.setattr(generate, "stale", lambda _sources: ["sizes/kustomization.yaml"])
    done = ask("k8s", "--locked")
    assert done.exit_code == 1
    assert "not as generated now: sizes/kustomization.yaml; run `make k8s` and commit" in done.output


def test_a_chart_that_is_stale_fails_in_ci_and_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(chart, "stale", lambda _root: {"values.yaml": "another"})
    before = (ROOT / chart.FOLDER / "values.yaml").read_text()
    done = ask("k8s", "--locked")
    assert done.exit_code == 1
    assert "k8s/chart: not as generated now: values.yaml; run `make k8s` and commit" in done.output
    assert (ROOT / chart.FOLDER / "values.yaml").read_text() == before


@pytest.fixture
def mine(tmp_path):
    """A file of values for the chart."""
    file = tmp_path / "mine.yaml"
    file.write_text("image: {registry: registry.example.com/ml}\ndelivery: {modelsUrl: 's3://bucket/models/1'}\n")
    return file


def test_a_file_of_values_is_checked_as_an_overlay(mine, tmp_path):
    done = ask("k8s", str(mine), "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "mine " in done.output
    assert "needs Secret/gateway-keys" in done.output
    kinds = {table["kind"] for table in yaml.safe_load_all((tmp_path / "out/mine.yaml").read_text())}
    assert "Deployment" in kinds


def test_a_file_of_values_that_the_chart_refuses_is_named(mine):
    mine.write_text(mine.read_text() + "rollout: canary\n")
    done = CliRunner().invoke(cli, ["k8s", str(mine)])
    assert done.exit_code != 0
    assert "set scaler to hpa or keda" in str(done.exception) + done.output


def test_its_values_are_not_written_over(mine):
    before = mine.read_text()
    done = ask("k8s", str(mine), "--out", str(mine.parent))
    assert done.exit_code == 2
    assert "holds the values that are checked; give another folder" in done.output
    assert mine.read_text() == before


def test_shared_memory_is_a_table_or_one_number():
    assert "MiB" not in ask("shm", "--bytes").output
    assert ask("shm", "--bytes").output == f"{256 << 20}\n"
    assert "text_tokenizer" in ask("shm").output
