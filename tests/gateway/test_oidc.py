"""Bearer tokens of a real issuer on loopback: its keys over HTTP, its signatures by a real key."""

import asyncio
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from trireme.errors import SourceError
from trireme.gateway import oidc
from trireme.gateway.oidc import Tokens
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import Oidc


class Issuer:
    """Publishes its keys and signs claims; counts how often its keys were asked for."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.fetched = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetched += self.path == "/keys"
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(issuer.key.public_key()))
                page = (
                    {"keys": [{**public, "kid": "one", "use": "sig"}]}
                    if self.path == "/keys"
                    else {"jwks_uri": f"{issuer.url}/keys"}
                )
                body = json.dumps(page).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, key=None, algorithm="RS256", kid="one", **claims):
        whole = {"iss": self.url, "aud": "trireme", "sub": "somebody", "exp": time.time() + 60, "scope": "infer", **claims}
        given = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(given, key or self.key, algorithm, headers={"kid": kid})


@pytest.fixture(scope="module")
def issuer():
    made = Issuer()
    yield made
    made.server.shutdown()
    made.server.server_close()


def check(issuer, *tokens, scope="infer", **settings):
    async def run():
        door = Tokens(Oidc(issuer=issuer.url, **settings))
        return [await door.check(token, scope) for token in tokens]

    return asyncio.run(run())


def test_a_token_is_its_subject_and_the_keys_are_fetched_once(issuer):
    before = issuer.fetched
    assert check(issuer, issuer.token(), issuer.token(sub="another"), issuer.token(aud=["x", "trireme"])) == [
        "somebody",
        "another",
        "somebody",
    ]
    assert issuer.fetched == before + 1


@pytest.mark.parametrize("claims", [{"scp": ["infer", 3], "scope": None}, {"scope": "openid infer profile"}])
def test_scopes_are_read_as_issuers_write_them(issuer, claims):
    assert check(issuer, issuer.token(**claims)) == ["somebody"]


def test_the_issuers_own_names_of_scopes_are_mapped(issuer):
    assert check(issuer, issuer.token(scope="ml.read"), scopes={"ml.read": "infer"}) == ["somebody"]


@pytest.mark.parametrize("claims", [{"scope": "admin"}, {"scope": None}, {"scope": 7}])
def test_without_the_scope_it_is_forbidden(issuer, claims):
    with pytest.raises(ProblemError) as refusal:
        check(issuer, issuer.token(**claims))
    assert refusal.value.code == "forbidden"


OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    "forge",
    [
        lambda issuer: issuer.token(exp=time.time() - 3600),
        lambda issuer: issuer.token(nbf=time.time() + 3600),
        lambda issuer: issuer.token(aud="somebody else"),
        lambda issuer: issuer.token(iss="https://elsewhere.example"),
        lambda issuer: issuer.token(exp=None),
        lambda issuer: issuer.token(sub=None),
        lambda issuer: issuer.token(OTHER),
        lambda issuer: issuer.token(kid="unknown"),
        lambda issuer: issuer.token("a secret that everybody knows: the key is public", "HS256"),
        lambda issuer: jwt.encode({"iss": issuer.url, "aud": "trireme", "sub": "x", "exp": 9e9}, None, "none"),
        lambda issuer: issuer.token(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        lambda issuer: issuer.token()[:-8] + "AAAAAAAA",
        lambda _: "",
        lambda _: "a.b",
        lambda _: "a.b.c",
        lambda _: "ü.ü.ü",
    ],
)
def test_what_is_forged_or_over_is_refused(issuer, forge):
    with pytest.raises(ProblemError) as refusal:
        check(issuer, forge(issuer))
    assert refusal.value.code == "unauthenticated"


def test_an_issuer_that_is_silent_is_said_to_be(issuer):
    async def run():
        door = Tokens(Oidc(issuer="http://127.0.0.1:9"))
        for _ in range(2):
            with pytest.raises(ProblemError) as refusal:
                await door.check(issuer.token(), "infer")
        return refusal.value

    found = asyncio.run(run())
    assert (found.code, found.retry_after) == ("unavailable", 10)


def test_a_token_of_nobodys_shuts_out_nobody(issuer, monkeypatch):
    """The issuer is away, and tokens with keys that nobody knows come in: known keys are good for a while."""

    def away():
        raise jwt.PyJWKClientConnectionError("nobody answers")

    async def run():
        door = Tokens(Oidc(issuer=issuer.url))
        await door.check(issuer.token(), "infer")
        door._tried = -oidc.BETWEEN_SECONDS  # noqa: SLF001 - as if it were long ago
        monkeypatch.setattr(door, "_fetch", away)
        before = issuer.fetched
        for number in range(5):
            with pytest.raises(ProblemError) as refusal:
                await door.check(issuer.token(kid=f"unknown-{number}"), "infer")
            assert refusal.value.code == "unauthenticated"
            assert await door.check(issuer.token(), "infer") == "somebody"
        return issuer.fetched - before

    assert asyncio.run(run()) == 0


def test_a_key_that_the_issuer_withdrew_is_refused_when_the_set_is_read_anew(issuer, monkeypatch):
    async def run():
        door = Tokens(Oidc(issuer=issuer.url))
        await door.check(issuer.token(), "infer")
        now = time.monotonic()
        monkeypatch.setattr(oidc.time, "monotonic", lambda: now + oidc.FRESH_SECONDS + 1)
        monkeypatch.setattr(door, "_fetch", dict)
        with pytest.raises(ProblemError) as refusal:
            await door.check(issuer.token(), "infer")
        return refusal.value.code

    assert asyncio.run(run()) == "unauthenticated"


@pytest.mark.parametrize("place", ["http://issuer.example", "issuer.example", "file:///etc/passwd"])
def test_an_issuer_is_asked_over_https(place):
    with pytest.raises(SourceError, match=r"oidc\.issuer"):
        Tokens(Oidc(issuer=place))


def test_tokens_and_keys_open_the_same_door(start_gateway, server, issuer, wait_until):
    gateway = start_gateway(server.grpc, settings=f'[oidc]\nissuer = "{issuer.url}"\n')
    key = gateway.keys.create("a key", ("infer", "admin"))

    def ask(token, path="/v1/models"):
        return httpx.get(f"{gateway.url}{path}", headers={"authorization": f"Bearer {token}"}, timeout=30).status_code

    assert [ask(issuer.token()), ask(key), ask("nothing"), ask(issuer.token(OTHER))] == [200, 200, 401, 401]
    assert [ask(issuer.token(), "/metrics"), ask(issuer.token(scope="admin"), "/metrics")] == [403, 200]
    wait_until(lambda: [row["key"] for row in gateway.rows()][-2:] == ["", "somebody"], seconds=10)  # after the answer
