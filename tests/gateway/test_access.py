"""Keys: made at the command line, asked for by every route that does work, and refused from the moment they are revoked."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from trireme.client import AsyncClient, Client
from trireme.errors import CallError, SourceError, ValueRefusedError
from trireme.gateway import settings
from trireme.gateway.keys import Keys
from trireme.gateway.problems import ProblemError

ASK = {"items": [{"text": "a"}]}


@pytest.fixture(scope="module")
def guarded(start_gateway, server):
    return start_gateway(server.grpc, settings="admission = { rate_per_key = 1.0, burst_per_key = 5 }")


def ask(gateway, token="", path="/v1/classify"):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=30) as client:
        return client.post(path, json=ASK) if path == "/v1/classify" else client.get(path)


def test_without_a_key_there_is_no_answer(guarded):
    for path in ("/v1/classify", "/v1/models", "/metrics", "/v2/models/text_classification"):
        answer = ask(guarded, path=path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert ask(guarded, path="/healthz").status_code == 200


def test_a_key_may_what_its_scopes_say(guarded):
    infer, admin = guarded.keys.create("client"), guarded.keys.create("operator", ("admin",))
    assert ask(guarded, infer).status_code == 200
    assert ask(guarded, infer, "/metrics").json()["code"] == "forbidden"
    assert ask(guarded, admin, "/metrics").status_code == 200
    assert ask(guarded, admin).json()["code"] == "forbidden"


def test_a_key_that_was_rotated_or_revoked_is_refused_at_once(guarded):
    old = guarded.keys.create("somebody")
    new = guarded.keys.rotate(old.split("_")[1])
    assert ask(guarded, old).status_code == 401
    assert ask(guarded, new).status_code == 200
    guarded.keys.revoke(new.split("_")[1])
    with pytest.raises(ValueRefusedError, match="it was revoked"):
        guarded.keys.rotate(new.split("_")[1])
    assert ask(guarded, new).status_code == 401


def test_a_key_that_asks_too_often_waits_and_others_do_not(guarded):
    often, other = guarded.keys.create("often"), guarded.keys.create("other")
    answers = [ask(guarded, often) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert ask(guarded, other).status_code == 200


def test_keys_are_kept_as_hashes_for_their_owner_alone(tmp_path):
    keys = Keys(tmp_path / "keys.json")
    token = keys.create("me")
    assert token not in (tmp_path / "keys.json").read_text()
    assert token.split("_", 2)[2] not in (tmp_path / "keys.json").read_text()
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    assert keys.check(token, "infer").name == "me"


@pytest.mark.parametrize("token", ["", "trk", "trk_", "trk__", "trk_zzzz_x", "a_b_c_d", "ü", "trk_\0_\0"])
def test_what_is_no_key_is_refused(tmp_path, token):
    keys = Keys(tmp_path / "keys.json")
    keys.create("me")
    with pytest.raises(ProblemError) as refusal:
        keys.check(token, "infer")
    assert refusal.value.code == "unauthenticated"


def test_triremes_own_clients_send_a_key(start_gateway, server):
    guarded = start_gateway(server.grpc)
    headers = {"authorization": f"Bearer {guarded.keys.create('own client')}"}
    ask = "text_classification", {"text": [b"A charming crew"]}

    async def run():
        async with AsyncClient(guarded.url, headers=headers) as own:
            return await own.infer(*ask)

    with Client(guarded.url, headers=headers) as own:
        assert own.infer(*ask)["label"].tolist() == [[b"positive"]]
    assert asyncio.run(run())["label"].tolist() == [[b"positive"]]
    with Client(guarded.url) as own, pytest.raises(CallError):
        own.infer(*ask)


def test_the_command_line_makes_lists_rotates_and_revokes(tmp_path):
    (tmp_path / "gateway.toml").write_text(f'keys = "{tmp_path}/keys.json"')

    def trireme(*words):
        command = [
            str(Path(sys.executable).with_name("trireme")),
            "gateway",
            "--config",
            str(tmp_path / "gateway.toml"),
            "keys",
            *words,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command

    token = trireme("create", "a client", "--scope", "infer", "--scope", "admin").stdout.strip()
    key = token.split("_")[1]
    assert trireme("list").stdout.split()[:3] == [key, "valid", "infer,admin"]
    assert trireme("rotate", key).stdout.strip() != token
    assert trireme("revoke", key).stdout == f"revoked {key}\n"
    assert "revoked" in trireme("list").stdout
    unknown = trireme("revoke", "nobody")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert trireme("create", "x", "--scope", "root").returncode == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = 99999", "port: 99999 is refused"),
        ("prot = 1", "prot: 1 is refused"),
        ("limits = { items = 0 }", "limits.items: 0 is refused"),
        ("admission = { least = 600 }", "least <= first <= most"),
        ('triton = ["http://127.0.0.1:8000"]', "the gateway speaks gRPC"),
        ('triton = ["grpc://one:8001", "https://two:8001"]', "the gateway speaks gRPC"),
        ("not toml", "gateway.toml cannot be read"),
        ('insecure = true\nhost = "0.0.0.0"', "host: '0.0.0.0' is refused; without keys a gateway listens on loopback only"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, text, message):
    (tmp_path / "gateway.toml").write_text(text)
    with pytest.raises(SourceError) as refusal:
        settings.read(tmp_path / "gateway.toml")
    assert message in str(refusal.value)


def test_a_host_may_be_called_http(tmp_path):
    (tmp_path / "gateway.toml").write_text('triton = ["http-triton:8001"]')
    assert settings.read(tmp_path / "gateway.toml").triton == ("http-triton:8001",)
