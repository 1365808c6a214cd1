"""Open-loop load on one model by tritonclient over gRPC, as Python clients have it; `trireme load --tool locust` starts it.

Requests are sent at their time whatever came of those before, and a latency counts from that time. Thresholds set the exit
code.
"""

import json
import os
import time
from pathlib import Path

import gevent
import grpc.experimental.gevent as grpc_gevent
import numpy as np
import tritonclient.grpc as grpcclient
from gevent.pool import Pool
from locust import User, constant, events, task

grpc_gevent.init_gevent()  # without it calls wait for each other, and the numbers flatter
BODIES = Path(os.environ["BODIES"])
MANIFEST = json.loads((BODIES / "manifest.json").read_text(encoding="utf-8"))
MODEL, RATE, SECONDS = MANIFEST["model"], float(os.environ["RATE"]), float(os.environ["SECONDS"])
P99_MS, IN_FLIGHT, TIMEOUT = float(os.environ["P99_MS"]), int(os.environ["VUS"]), 5.0


class Open(User):
    """One sender; each request runs in a greenlet of its own."""

    fixed_count = 1
    wait_time = constant(0)

    def on_start(self):
        self.client = grpcclient.InferenceServerClient(os.environ["ADDRESS"])
        self.requests = [_inputs(row) for row in MANIFEST["rows"]]
        self.pool, self.due, self.sent = Pool(IN_FLIGHT), time.perf_counter(), 0
        self.end = self.due + SECONDS

    @task
    def send(self):
        self.due += 1 / RATE
        if self.due > self.end:
            gevent.sleep(1)
            return
        gevent.sleep(max(self.due - time.perf_counter(), 0))
        if not self.pool.full():  # what is not sent is missed in the count of answers
            self.pool.spawn(self._ask, self.due, self.requests[self.sent % len(self.requests)])
        self.sent += 1

    def _ask(self, due, inputs):
        error = None
        try:
            self.client.infer(MODEL, inputs, client_timeout=TIMEOUT)
        except grpcclient.InferenceServerException as caught:
            error = caught
        _count("grpc", (time.perf_counter() - due) * 1e3, error)

    def on_stop(self):
        self.pool.join(timeout=TIMEOUT)
        self.client.close()


@events.quitting.add_listener
def judge(environment, **_):
    """Set the exit code: too few answers, any failure, or a p99 beyond its goal."""
    total = environment.stats.total
    p99 = total.get_response_time_percentile(0.99) or float("inf")
    kept = total.num_requests >= 0.97 * RATE * SECONDS  # each that was sent is in it, failed or not
    environment.process_exit_code = 0 if kept and not total.num_failures and p99 <= P99_MS else 1
    told = {"answered": total.num_requests - total.num_failures, "failed": total.num_failures, "p99": p99, "kept": kept}
    (BODIES / "outcome.json").write_text(json.dumps(told), encoding="utf-8")


def _inputs(row):
    found = []
    for tensor in row["tensors"]:
        array = np.load(BODIES / tensor["file"], allow_pickle=False)
        array = array.astype(object) if tensor["datatype"] == "BYTES" else array
        found.append(grpcclient.InferInput(tensor["name"], list(array.shape), tensor["datatype"]))
        found[-1].set_data_from_numpy(array)
    return found


def _count(kind, took, error):
    events.request.fire(request_type=kind, name=MODEL, response_time=took, response_length=0, exception=error, context={})
