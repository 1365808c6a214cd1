"""The medic beside the real server: a killed process, a restricted load API, quarantine, a server that is gone."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from trireme.build import build
from trireme.client import Client
from trireme.discover import discover
from trireme.errors import CallError, MissingSourceError
from trireme.medic import rounds
from trireme.medic.policy import Finding
from trireme.medic.rounds import QUIET
from trireme.medic.triton import Triton, canaries
from trireme.new import create

pytestmark = pytest.mark.alone


def test_a_killed_process_is_noticed_and_answers_again(admit, wait_until):
    ward = admit()
    ward.watch()
    wait_until(ward.medic.ready, seconds=10)
    ward.murder("double")
    wait_until(lambda: ward.named("reloaded") == ["double"], seconds=20)
    with Client(ward.server.grpc) as client:
        assert client.infer("double", {"x": [[1.5]]})["y"].item() == 3.0
        assert client.infer("twice", {"x": [[1.5]]})["y"].item() == 3.0
    wait_until(ward.medic.ready, seconds=10)  # one late answer of the server is enough to be unready for a round


def test_a_pipeline_in_one_process_has_a_process_to_lose_and_loses_none_with_its_steps(admit, wait_until):
    ward = admit("--model-config-name=joined")
    ward.watch()
    wait_until(ward.medic.ready, seconds=10)
    ward.murder("double")
    wait_until(lambda: ward.named("reloaded") == ["double"], seconds=20)
    assert ward.server.log.read_text().count("loading: twice:") == 1
    ward.murder("twice")
    wait_until(lambda: ward.named("reloaded") == ["double", "twice"], seconds=20)
    with Client(ward.server.grpc) as client:
        assert client.infer("twice", {"x": [[1.5]]})["y"].item() == 3.0


def test_what_is_healthy_and_idle_is_asked_for_a_hundredth_of_the_time_and_a_pipeline_after_its_members(
    admit, wait_until, monkeypatch
):
    ward, asked = admit(), []
    look = ward.triton.look

    def noted(canary):
        asked.append(canary.name)
        time.sleep(0.03 if canary.name == "other" else 0)
        return look(canary)

    monkeypatch.setattr(ward.triton, "look", noted)
    ward.watch(interval=0.05)
    wait_until(lambda: asked.count("other") == 2 and "twice" in asked, seconds=10)
    asked.clear()
    time.sleep(2)
    assert asked.count("other") <= 1 < asked.count("double")  # 30 ms of 3 s
    assert "twice" not in asked
    ward.murder("double")
    wait_until(lambda: ward.named("reloaded") == ["double"], seconds=20)
    wait_until(lambda: "twice" in asked, seconds=2)


def test_each_instance_of_an_idle_model_is_asked_since_one_of_them_may_be_dead(admit, wait_until, monkeypatch):
    ward = admit("--model-config-name=two")
    asked, look = [], ward.triton.look

    def noted(canary):
        if canary.name == "double":
            asked.append(time.monotonic())
        return look(canary)

    monkeypatch.setattr(ward.triton, "look", noted)
    ward.watch(interval=1.0)
    wait_until(lambda: len(asked) >= 5, seconds=20)  # once until it is known that there are two
    assert asked[2] - asked[1] < 0.5 < asked[3] - asked[2]
    assert asked[4] - asked[3] < 0.5
    os.kill(ward.server.stubs("double")[0], signal.SIGKILL)
    wait_until(lambda: ward.named("reloaded") == ["double"], seconds=10)


OLDER = """
def infer(*, x):
    if (x == 1.5).any():
        raise ValueError("x: 1.5; the newest version's example is not its own")
    return {"y": 3 * x}
"""


def test_an_older_version_that_died_beside_the_newest_is_loaded_again(admit, wait_until, tmp_path):
    create(tmp_path, "double", "python")
    folder = tmp_path / "models/double"
    older = folder / "versions/1"
    older.mkdir(parents=True)
    (older / "infer.py").write_text(OLDER)
    text = (folder / "model.toml").read_text().replace("version = 1", "version = 2", 1)
    (folder / "model.toml").write_text(text + "\n[versions.1]\n")
    build(discover(tmp_path))
    ward = admit(root=tmp_path)
    ward.watch()
    wait_until(lambda: ward.medic.ready() and ward.medic.rounds >= 6, seconds=15)
    (victim,) = (pid for pid in ward.server.stubs("double") if b"/double/1/" in Path(f"/proc/{pid}/cmdline").read_bytes())
    with Client(ward.server.grpc, timeout=10) as client:
        assert client.infer("double", {"x": [[2.0]]}, version="1")["y"].item() == 6.0
        assert ward.named("reload") == []
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: ward.named("reloaded") == ["double"], seconds=10)
        assert client.infer("double", {"x": [[2.0]]}, version="1")["y"].item() == 6.0
    taken_away = replace(ward.medic.canaries["double"], version="7")
    assert ward.triton.look(taken_away)[0] is Finding.ANSWERED


def test_a_model_that_hangs_does_not_rest(admit, wait_until, monkeypatch):
    ward = admit(hang=1.0)
    ward.watch(interval=0.1)
    wait_until(ward.medic.ready, seconds=10)
    look = ward.triton.look
    late = (Finding.LATE, "other: no answer")
    monkeypatch.setattr(ward.triton, "look", lambda canary: late if canary.name == "other" else look(canary))
    wait_until(lambda: ward.named("reload") == ["other"], seconds=10)


def test_no_other_model_is_asked_while_a_process_starts_but_for_no_longer_than_a_second(admit, wait_until, monkeypatch):
    ward = admit()
    asked, loading = [], []
    look, load = ward.triton.look, ward.triton.reload

    def noted(canary):
        asked.append((canary.name, time.monotonic()))
        return look(canary)

    def slowly(name, pipelines):
        loading.append(time.monotonic())
        time.sleep(QUIET + 1.0)
        load(name, pipelines)
        loading.append(time.monotonic())

    monkeypatch.setattr(ward.triton, "look", noted)
    monkeypatch.setattr(ward.triton, "reload", slowly)
    monkeypatch.setattr(rounds, "LONGEST", 0.0)  # nobody rests
    ward.watch(interval=0.05)
    wait_until(ward.medic.ready, seconds=10)
    ward.murder("double")
    wait_until(lambda: ward.named("reloaded") == ["double"], seconds=20)
    began, ended = loading
    meanwhile = [moment - began for name, moment in asked if name == "other" and began < moment < ended]
    assert min(meanwhile) > QUIET - 0.1


def test_the_other_models_go_on_meanwhile(admit, wait_until):
    ward = admit()
    ward.watch()
    wait_until(ward.medic.ready, seconds=10)
    late, over = [], threading.Event()

    def ask():
        with Client(ward.server.grpc, timeout=10) as client:
            while not over.is_set():
                began = time.monotonic()
                assert client.infer("other", {"x": [[1.5]]})["y"].item() == 3.0
                late.append(time.monotonic() - began)

    asking = threading.Thread(target=ask)
    asking.start()
    ward.murder("double")
    wait_until(lambda: ward.named("reloaded") == ["double"], seconds=10)
    over.set()
    asking.join()
    assert len(late) > 200
    assert sorted(late)[int(len(late) * 0.99)] < 0.5


def test_a_model_that_dies_again_and_again_is_left_alone(admit, wait_until):
    ward = admit(deaths=1, grace=1.0)
    ward.watch()
    wait_until(ward.medic.ready, seconds=10)
    ward.murder("double")
    wait_until(lambda: ward.named("reloaded") == ["double"] and ward.medic.patients["double"].healthy, seconds=15)
    ward.murder("double")
    wait_until(lambda: ward.named("quarantine") == ["double"], seconds=15)
    time.sleep(2)
    assert ward.named("reload") == ["double"]
    wait_until(ward.medic.ready, seconds=5)  # beyond the grace of the model, and of the pipeline that lacks it
    text = ward.metrics.text().decode()
    assert 'trireme_medic_model_quarantined{model="double"} 1.0' in text
    assert 'trireme_medic_reloads_total{model="double"} 1.0' in text
    assert 'trireme_medic_model_healthy{model="other"} 1.0' in text


def test_without_the_key_the_load_api_refuses(admit):
    ward = admit()
    stranger = Triton(ward.server.grpc)
    with pytest.raises(CallError, match="restricted"):
        stranger.reload("double", ())
    stranger.close()


def test_a_server_that_is_killed_is_gone_and_back_when_it_answers(admit, wait_until):
    ward = admit()
    ward.watch()
    wait_until(ward.medic.ready, seconds=10)
    ward.server.kill()
    wait_until(lambda: not ward.medic.live, seconds=15)
    assert not ward.medic.ready()
    ward.server.start()
    wait_until(ward.medic.ready, seconds=20)
    assert ward.medic.live
    assert len(ward.named("server-back")) == 1
    assert "trireme_medic_server_restarts_total 1.0" in ward.metrics.text().decode()


def test_a_server_that_hangs_is_not_live(admit, wait_until):
    ward = admit()
    ward.watch()
    wait_until(ward.medic.ready, seconds=10)
    os.kill(ward.server.process.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not ward.medic.live, seconds=20)
    finally:
        os.kill(ward.server.process.pid, signal.SIGCONT)


def test_a_tree_without_examples_or_models_is_refused(tree, tmp_path):
    with pytest.raises(MissingSourceError, match=r"double: examples.json is missing; `trireme publish`"):
        canaries(tree / "model_repository", ())
    with pytest.raises(MissingSourceError, match="a model is missing"):
        canaries(tmp_path, ())
