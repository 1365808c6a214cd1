"""Serves the infer.py beside it under Triton's python backend. Copied into version folders: needs numpy (1 or 2) alone.

infer.py defines `infer(*, <input>: ndarray, ...) -> {<output>: ndarray}` over the joined rows of all requests of a batch.
It refuses a request by raising ValueError with a sentence that begins with the input's name, as in "age: row 2 is nan;
expected a finite number"; the other requests of the batch are answered all the same. Any other exception is a failure of
the model: the client gets a short word, the log the traceback. A decoupled model's `infer` is a generator that yields such
dicts for one request. `setup(context)` runs once, before the first batch; context has folder, parameters, and call, which
asks another model of the server.
"""

from __future__ import annotations

import importlib
import json
import locale
import os
import sys
import time
import traceback
import urllib.parse
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import triton_python_backend_utils as pb_utils

ASKING = 0.0005
"""Seconds a request must take before it is worth asking whether its client left: asking costs a tenth of a millisecond."""


class RefusedError(ValueError):
    """A request that is refused, with the code that Triton answers."""

    def __init__(self, sentence, code) -> None:
        super().__init__(sentence)
        self.code = code


class Spans:
    """Sends the time of a model's own code as a child of Triton's span, by OTLP; does nothing without an endpoint.

    No thread does it: Triton's stub lets Python run while it executes only. The answer to one message is read before the
    next is sent, so that nobody waits for it. https://opentelemetry.io/docs/specs/otlp/#otlphttp
    """

    def __init__(self, name) -> None:
        self.name = name
        self.url = urllib.parse.urlsplit(os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""))
        self.connection = None
        # Not at the top: it is a fifth of what a stub takes to start, and only what is traced needs it.
        self.http = importlib.import_module("http.client") if self.url.hostname else None

    def parents(self, requests) -> list:
        """Return the traceparent of each request, empty where it is not traced; nothing at all without an endpoint."""
        if not self.url.hostname:
            return []
        contexts = [request.trace().get_context() for request in requests]
        return [json.loads(context).get("traceparent", "") if context else "" for context in contexts]

    def note(self, parents, begun, rows) -> None:
        """Note a run that is over now for each of the requests that are traced; begun is in nanoseconds."""
        spans = []
        for _, trace_id, parent_id, _ in (parent.split("-") for parent in parents if parent):
            row = {"traceId": trace_id, "spanId": os.urandom(8).hex(), "parentSpanId": parent_id, "kind": 1}
            row |= {"startTimeUnixNano": str(begun), "endTimeUnixNano": str(time.time_ns()), "name": f"{self.name}.infer"}
            spans.append({**row, "attributes": [{"key": "requests", "value": {"intValue": str(rows)}}]})
        if spans:
            resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "model.py"}}]}
            scope = {"scope": {"name": "trireme.adapter"}, "spans": spans}
            self._send(json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}))

    def _send(self, body) -> None:
        try:
            if self.connection is None:
                self.connection = self.http.HTTPConnection(self.url.hostname, self.url.port, timeout=0.2)
            else:
                self.connection.getresponse().read()
            self.connection.request("POST", self.url.path, body, {"Content-Type": "application/json"})
        except (OSError, self.http.HTTPException):
            self.connection = None  # nobody takes spans: the model works all the same


class BatchedModel:
    """Joins the rows of requests, runs them once, splits the answers; a bad or cancelled request fails alone."""

    seconds = float("inf")
    """What one request takes, unknown at first; a run that had to wait for a core raises it by a tenth at most."""

    def initialize(self, args) -> None:
        # The stub runs in an ASCII locale whatever the environment says; libraries open UTF-8 files.
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
        self.config = json.loads(args["model_config"])
        self.name = self.config["name"]
        self.spans = Spans(self.name)
        self.batched = self.config.get("max_batch_size", 0) > 0
        self.alike = all(_is_fixed(row) for row in self.config["input"])
        self.decoupled = self.config.get("model_transaction_policy", {}).get("decoupled", False)
        self.dtypes = {row["name"]: pb_utils.triton_string_to_numpy(row["data_type"]) for row in self.config["output"]}
        self.parameters = {key: value["string_value"] for key, value in self.config.get("parameters", {}).items()}
        self.load(args)

    def load(self, args) -> None:
        """Prepare the model; raise what should fail the load."""
        raise NotImplementedError

    def run(self, arrays, wanted) -> dict:
        """Return at least the wanted outputs for these inputs, or raise ValueError("<input>: ...") to refuse the request."""
        raise NotImplementedError

    def execute(self, requests) -> list | None:
        if self.decoupled:
            for request in requests:
                self._stream(request)
            return None
        responses = [None] * len(requests)
        groups = {}
        parents = self.spans.parents(requests)
        slow = self.seconds > ASKING
        for index, request in enumerate(requests):
            if slow and request.is_cancelled():
                responses[index] = _refusal("the request was cancelled before it was computed", _code("CANCELLED"))
                continue
            arrays = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
            groups.setdefault(self._kind(index, arrays), []).append((index, arrays, request.requested_output_names()))
        for group in groups.values():
            begun = time.time_ns()
            for (index, _, _), response in zip(group, self._answer(group)):
                responses[index] = response
            if parents:
                self.spans.note([parents[index] for index, _, _ in group], begun, len(group))
        return responses

    def _kind(self, index, arrays) -> object:
        """Return what must be equal for two requests to be joined: their inputs and the shapes of a row."""
        if not self.batched:
            return index
        if self.alike:
            return None
        return frozenset([(name, array.dtype.char, array.shape[1:]) for name, array in arrays.items()])

    def _answer(self, group) -> list:
        """Return one response a request; when the joined run fails, each request is run alone."""
        try:
            return self._joined(group)
        except Exception as error:  # the per-request edge of a server: nothing may take the other requests down
            if len(group) > 1:
                return [self._answer([one])[0] for one in group]
            return [self._failure(error, group[0][1])]

    def _joined(self, group) -> list:
        wanted = {name for _, _, names in group for name in names}
        if len(group) == 1:
            arrays = group[0][1]
        else:
            arrays = {name: np.concatenate([given[name] for _, given, _ in group]) for name in group[0][1]}
        sizes = [len(next(iter(given.values()))) for _, given, _ in group] if self.batched else [None]
        if 0 in sizes:
            raise RefusedError("the batch is empty; expected at least one row", _code("INVALID_ARG"))
        begun = time.perf_counter()
        outputs = self._typed(self.run(arrays, wanted), wanted, sum(sizes) if self.batched else None)
        self._learn((time.perf_counter() - begun) / len(group))
        responses, start = [], 0
        for (_, _, names), size in zip(group, sizes):
            rows = slice(None) if len(group) == 1 else slice(start, start + size)
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor(name, outputs[name][rows]) for name in names]))
            start += size or 0
        return responses

    def _learn(self, seconds) -> None:
        self.seconds = min(seconds, 1.1 * self.seconds)

    def _typed(self, outputs, wanted, rows) -> dict:
        """Return the wanted outputs as arrays of the types the config states, each with all the rows."""
        typed = {}
        for name in wanted:
            if name not in outputs:
                made = ", ".join(sorted(outputs))
                raise RefusedError(f"{self.name}: infer made no output '{name}'; it made {made}", _code("INTERNAL"))
            array, dtype = np.asarray(outputs[name]), self.dtypes[name]
            if array.dtype != dtype and not np.can_cast(array.dtype, dtype, "same_kind"):
                raise RefusedError(f"{self.name}: infer made '{name}' of {array.dtype}", _code("INTERNAL"))
            if rows is not None and array.shape[:1] != (rows,):
                raise RefusedError(
                    f"{self.name}: infer made '{name}' of shape {array.shape} for {rows} rows", _code("INTERNAL")
                )
            typed[name] = np.ascontiguousarray(array, dtype)
        return typed

    def _stream(self, request) -> None:
        """Send each part that infer yields for one request, then say that it is the last."""
        sender = request.get_response_sender()
        wanted = set(request.requested_output_names())
        arrays = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
        try:
            for part in self.run(arrays, wanted):
                if request.is_cancelled():
                    break
                typed = self._typed(part, part.keys() & wanted, None)
                sender.send(pb_utils.InferenceResponse([pb_utils.Tensor(name, array) for name, array in typed.items()]))
        except Exception as error:  # the per-request edge of a server
            sender.send(self._failure(error, arrays))
        sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def _failure(self, error, arrays) -> object:
        """Return a refusal for what the client did, and a short word for what we did: the log has the traceback."""
        if isinstance(error, RefusedError):
            return _refusal(str(error), error.code)
        if isinstance(error, ValueError) and str(error).partition(":")[0] in arrays:
            return _refusal(str(error), _code("INVALID_ARG"))
        pb_utils.Logger.log_error(f"{self.name}: {''.join(traceback.format_exception(error))}")
        return _refusal(f"{self.name} failed with {type(error).__name__}; the server's log says why", _code("INTERNAL"))


class TritonPythonModel(BatchedModel):
    """infer.py of this version folder."""

    def load(self, args) -> None:
        folder = Path(args["model_repository"]) / args["model_version"]
        sys.path.insert(0, str(folder))
        source = importlib.import_module("infer")
        if hasattr(source, "setup"):
            source.setup(SimpleNamespace(folder=folder, parameters=self.parameters, call=call))
        self.infer = source.infer

    def run(self, arrays, wanted) -> dict:  # noqa: ARG002 - infer makes all outputs
        return self.infer(**arrays)


def call(model, inputs, outputs) -> dict:
    """Ask another model of this server; inputs and outputs are as infer's. Raises RefusedError with its refusal."""
    tensors = [pb_utils.Tensor(name, np.ascontiguousarray(array)) for name, array in inputs.items()]
    response = pb_utils.InferenceRequest(model_name=model, inputs=tensors, requested_output_names=list(outputs)).exec()
    if response.has_error():
        raise RefusedError(f"{model}: {response.error().message()}", response.error().code())
    return {name: pb_utils.get_output_tensor_by_name(response, name).as_numpy() for name in outputs}


def _is_fixed(row) -> bool:
    """Say whether all requests have this input in one shape, but for the batch: Triton refuses others."""
    return not row.get("optional") and all(int(size) >= 0 for size in row["dims"])


def _refusal(sentence, code) -> object:
    return pb_utils.InferenceResponse(error=pb_utils.TritonError(sentence, code))


def _code(name) -> object:
    # Looked up late: while Triton completes a config, pb_utils has no TritonError.
    return getattr(pb_utils.TritonError, name)
