"""Where the time of a request went: its own spans, Triton's and those of models, joined into one trace."""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from trireme.gateway import tracing as tracing_module
from trireme.gateway import waterfall
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import Tracing as Settings
from trireme.gateway.timing import PARTS, UNSEEN, parts
from trireme.gateway.traces import Span, Store, received
from trireme.gateway.tracing import Tracing
from trireme.server.process import Ports, Server

ROOT = Path(__file__).parents[2]
ASK = {"items": [{"text": "a calm crew and a warm soup"}]}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """An OTLP collector that remembers what it is sent."""

    def __init__(self):
        self.spans = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.spans += received(body, self.headers["content-type"])
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def collector():
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def traced(start_gateway, sources, collector, tmp_path_factory):
    """A gateway in front of a Triton that sends it spans; a collector has them too."""
    folder, port = tmp_path_factory.mktemp("traces"), Ports.free().http
    url = f"http://127.0.0.1:{port}/v1/traces"
    own = f'store = "{folder}/traces.sqlite", port = {port}, sample = 0.0, otlp = "{collector.url}"'
    with Server(sources.root / "model_repository", folder / "log", traces=url) as triton:
        gateway = start_gateway(triton.grpc, "--insecure", settings=f"tracing = {{ {own} }}")
        gateway.store, gateway.spans_url = folder / "traces.sqlite", url
        yield gateway
        gateway.stop()


def timed(gateway, path="/v1/classify", ask=ASK):
    """A request's id and parts; Triton 24.10 loses the spans of about one request in thirty, which is then asked again."""
    for _ in range(5):
        answer = httpx.post(f"{gateway.url}{path}", json=ask, headers={"x-server-timing": "1"}, timeout=30)
        assert answer.status_code == 200
        found = dict(re.findall(r"([a-z]+);dur=(-?[0-9.]+)", answer.headers["server-timing"]))
        if UNSEEN not in found:
            break
    return answer.headers["x-request-id"], {name: float(value) for name, value in found.items()}


def spans_of(gateway, request_id):
    store = Store(gateway.store)
    try:
        return store.of_request(request_id)
    finally:
        store.close()


def test_the_parts_add_up_to_the_whole(traced):
    ratios = []
    for _ in range(15):
        request_id, found = timed(traced)
        assert list(found) == list(PARTS)
        assert min(found.values()) > 0
        root = next(span for span in spans_of(traced, request_id) if span.name == "request")
        ratios.append(sum(found.values()) / root.ms)
    assert statistics.median(ratios) == pytest.approx(1, abs=0.05)


def test_spans_lie_within_each_other_down_to_the_models_own_code(traced, wait_until):
    request_id, _ = timed(traced)
    wait_until(lambda: "sentiment_head.infer" in {one.name for one in spans_of(traced, request_id)}, seconds=10)
    spans = spans_of(traced, request_id)
    by_id = {span.span_id: span for span in spans}

    def above(span):
        return [span.name, *(above(by_id[span.parent_id]) if span.parent_id in by_id else [])]

    own = next(span for span in spans if span.name == "sentiment_head.infer")
    assert above(own) == ["sentiment_head.infer", "sentiment_head", "text_classification", "InferRequest", "triton", "request"]
    assert {span.service for span in spans} == {"gateway", "triton", "model.py"}
    assert len({span.trace_id for span in spans}) == 1


def test_nothing_of_a_payload_is_in_a_span(traced):
    request_id, _ = timed(traced, ask={"items": [{"text": "a secret word"}]})
    assert "secret" not in str(spans_of(traced, request_id))


def test_the_callers_trace_is_gone_on_with(traced, wait_until):
    answer = httpx.post(f"{traced.url}/v1/classify", json=ASK, headers={"traceparent": PARENT}, timeout=30)
    assert "server-timing" not in answer.headers
    wait_until(lambda: spans_of(traced, answer.headers["x-request-id"]), seconds=5)
    found = spans_of(traced, answer.headers["x-request-id"])
    root = next(span for span in found if span.name == "request")
    assert (root.trace_id, root.parent_id) == tuple(PARENT.split("-")[1:3])


@pytest.mark.parametrize("parent", [PARENT[:-2] + "00", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "nonsense", "00-x-y-01", ""])
def test_what_is_not_sampled_or_no_parent_is_not_traced(traced, parent):
    answer = httpx.post(f"{traced.url}/v1/classify", json=ASK, headers={"traceparent": parent}, timeout=30)
    assert answer.status_code == 200
    assert spans_of(traced, answer.headers["x-request-id"]) == []


def test_a_collector_has_every_span_too(traced, collector, wait_until):
    request_id, _ = timed(traced)
    trace_id = spans_of(traced, request_id)[0].trace_id
    wanted = {"request", "triton", "InferRequest", "text_encoder", "sentiment_head.infer"}
    wait_until(lambda: wanted <= {span.name for span in collector.spans if span.trace_id == trace_id}, seconds=15)


def test_the_command_draws_it(traced, tmp_path, wait_until):
    request_id, _ = timed(traced)
    wait_until(lambda: len(spans_of(traced, request_id)) == 15, seconds=10)
    (tmp_path / "gateway.toml").write_text(f'tracing = {{ store = "{traced.store}" }}')

    def trace(*words):
        command = [str(Path(sys.executable).with_name("trireme")), "trace", "--config", str(tmp_path / "gateway.toml"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command

    drawn = trace(request_id, "--html", str(tmp_path / "page.html")).stdout
    assert re.search(r"^ +text_encoder 3 +█+ +[0-9.]+ ms$", drawn, re.MULTILINE)
    assert re.search(r"^gateway [0-9.]+ ms   network .* forward [0-9.]+ ms   postprocess", drawn, re.MULTILINE)
    page = (tmp_path / "page.html").read_text()
    assert page.count('class="bar"') == len(spans_of(traced, request_id))
    assert "http" not in page.replace("http.route", "")
    assert request_id in trace().stdout
    unknown = trace("nothing")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/v1/traces", b"{", "application/json", 400),
        ("/v1/traces", b'{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}', "application/json", 400),
        ("/v1/traces", b"[1]", "application/json", 400),
        ("/v1/traces", b"\xff\xff", "application/x-protobuf", 400),
        ("/v1/traces", b"x" * 5_000_000, "application/json", 404),
        ("/elsewhere", b"{}", "application/json", 404),
        ("/v1/traces", b"{}", "text/plain", 415),
        ("/v1/traces", b"{}", "application/json", 200),
    ],
)
def test_what_is_no_span_is_refused(traced, path, body, kind, status):
    url = traced.spans_url.replace("/v1/traces", path)
    assert httpx.post(url, content=body, headers={"content-type": kind}, timeout=30).status_code == status


def test_spans_come_as_json_and_as_protobuf():
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "s"
    span = resource.scope_spans.add().spans.add(
        trace_id=bytes(range(16)), span_id=bytes(range(8)), name="n", start_time_unix_nano=1, end_time_unix_nano=2_000_001
    )
    span.events.add(name="e", time_unix_nano=5)
    row = {"traceId": bytes(range(16)).hex(), "spanId": bytes(range(8)).hex(), "name": "n", "startTimeUnixNano": "1"}
    row |= {"endTimeUnixNano": "2000001", "events": [{"name": "e", "timeUnixNano": "5"}]}
    attributes = [{"key": "service.name", "value": {"stringValue": "s"}}]
    table = {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [row]}]}]}
    (one,) = received(message.SerializeToString(), "application/x-protobuf")
    assert [one] == received(json.dumps(table).encode(), "application/json")
    assert (one.ms, one.service, one.events) == (2.0, "s", (("e", 5),))


def span(number, name="x", parent="", **given):
    return Span("t", f"{number:016x}", parent, name, **{"begun": 0, "ended": 1_000_000, **given})


def test_a_call_without_tritons_spans_is_unseen():
    root = span(1, "request", ended=5_000_000, attributes={"request.id": "r"})
    found = parts([root, span(2, "triton", root.span_id, ended=3_000_000)])
    assert found == {**dict.fromkeys(PARTS, 0.0), "gateway": 2.0, UNSEEN: 3.0}


def test_who_asks_where_the_time_went_does_not_wait_for_ever_for_spans_that_never_come(tmp_path, monkeypatch):
    monkeypatch.setattr(tracing_module, "WAIT_SECONDS", 0.1)

    async def run():
        tracing, took = Tracing(Settings(store=str(tmp_path / "store"), sample=0.0)), []
        for _ in range(5):
            trace = tracing.begin({b"x-server-timing": b"1"})
            with trace.span("triton"):
                pass
            begun = time.monotonic()
            assert "unseen" in await tracing.timing(trace)
            took.append(time.monotonic() - begun >= 0.1)
        tracing.close()
        return took

    assert asyncio.run(run()) == [True, True, True, False, False]


def test_old_spans_are_dropped(tmp_path):
    store = Store(tmp_path / "store", keep=10)
    for number in range(300):
        store.add([Span(f"t{number:03}", "s", "", "request", number, number + 1, attributes={"request.id": f"r{number}"})])
    kept = store.latest(1000)
    store.close()
    assert len(kept) < 60  # it is looked at every 256 writes
    assert kept[0].trace_id == "t299"


def test_however_many_ask_only_so_many_are_traced(tmp_path):
    tracing = Tracing(Settings(store=str(tmp_path / "store"), sample=0.0, most_per_second=5))
    found = [tracing.begin({b"x-server-timing": b"1"}) for _ in range(100)]
    assert len([trace for trace in found if trace is not None]) == 5
    tracing.close()


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (1.0, 500, 500), (0.2, 50, 160)])
def test_a_share_is_traced_unasked(tmp_path, share, least, most):
    tracing = Tracing(Settings(store=str(tmp_path / "store"), sample=share, most_per_second=1e6))
    assert least <= len([1 for _ in range(500) if tracing.begin({})]) <= most
    tracing.close()


def test_a_waterfall_of_spans_without_their_parents_is_drawn():
    lines = list(waterfall.text([span(1, parent="gone"), span(2, parent="gone", begun=500_000)]))
    assert [line.split()[0] for line in lines[:2]] == ["x", "x"]


def test_a_store_that_is_none_is_said_to_be(tmp_path):
    (tmp_path / "store").write_text("not a database, and longer than its header is " * 10)
    with pytest.raises(Exception, match=r"tracing\.store"):
        Store(tmp_path / "store")
    with pytest.raises(ProblemError):
        received(b"nothing", "application/json")


def test_a_callers_trace_of_many_requests_is_looked_at_one_by_one(tmp_path):
    store = Store(tmp_path / "store")
    for number in range(3):
        root = span(10 * number + 1, "request", "caller", attributes={"request.id": f"r{number}"}, begun=number)
        store.add([root, span(10 * number + 2, "triton", root.span_id, begun=number)])
    found = [[one.span_id for one in store.of_request(f"r{number}")] for number in range(3)]
    store.close()
    assert found == [[f"{10 * number + 1:016x}", f"{10 * number + 2:016x}"] for number in range(3)]


def test_a_store_that_fails_costs_no_request(tmp_path, caplog):
    tracing = Tracing(Settings(store=str(tmp_path / "store"), sample=1.0))
    trace = tracing.begin({})
    tracing.store.close()
    with trace.span("read"):
        pass
    trace.root.end()
    assert caplog.text.count("spans are not kept") == 1
    assert tracing.store.of_request("any") == []


def test_strangers_are_not_traced(traced):
    before = len(spans_of(traced, "probe"))
    httpx.get(f"{traced.url}/healthz", headers={"traceparent": PARENT, "x-request-id": "probe"}, timeout=30)
    assert len(spans_of(traced, "probe")) == before == 0
