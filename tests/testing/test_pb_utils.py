"""The in-memory backend interface does what the real stub does: one probe, asked of both."""

import json

import numpy as np
import pytest

from trireme.client import Client
from trireme.server.process import Server
from trireme.testing import pb_utils
from trireme.testing.harness import PythonModel
from trireme.testing.stub import TritonModelException

CONFIG = """\
backend: "python"
input { name: "x" data_type: TYPE_FP32 dims: [ 2 ] }
input { name: "s" data_type: TYPE_STRING dims: [ 2 ] }
output { name: "y" data_type: TYPE_STRING dims: [ 1 ] }
"""
# Not asked of the real stub: metrics that refuse, and a request to a model that is not there. Release 24.10 can die of them.
PROBES = {
    "tensor type": "pb.Tensor('a', np.zeros(1)).triton_dtype()",
    "every type": "[pb.Tensor('a', np.zeros(1, t)).name() for t in ('?', 'u1', 'u2', 'u8', 'i1', 'i8', 'f2', 'f8', 'S1', 'O')]",
    "shape": "list(pb.Tensor('a', np.zeros((2, 3), 'f4')).shape())",
    "cpu": "pb.Tensor('a', np.zeros(1)).is_cpu()",
    "empty name": "pb.Tensor('', np.zeros(1))",
    "complex": "pb.Tensor('a', np.zeros(1, complex))",
    "list for an array": "pb.Tensor('a', [1, 2])",
    "number for a name": "pb.Tensor(1, np.zeros(1))",
    "strings come as bytes": "[type(v).__name__ for v in pb.get_input_tensor_by_name(request, 's').as_numpy()]",
    "input type": "str(pb.get_input_tensor_by_name(request, 'x').as_numpy().dtype)",
    "no such input": "pb.get_input_tensor_by_name(request, 'nope')",
    "wanted outputs": "list(request.requested_output_names())",
    "parameters": "type(request.parameters()).__name__",
    "timeout": "request.timeout()",
    "flags": "request.flags()",
    "correlation": "request.correlation_id()",
    "cancelled": "request.is_cancelled()",
    "error code": "int(pb.TritonError('m', pb.TritonError.NOT_FOUND).code())",
    "default code": "int(pb.TritonError('m').code())",
    "error text": "pb.TritonError('m').message()",
    "error without text": "pb.TritonError(1)",
    "has error": "pb.InferenceResponse(error=pb.TritonError('m')).has_error()",
    "no error": "pb.InferenceResponse([]).has_error()",
    "an array for a tensor": "pb.InferenceResponse([np.zeros(1)])",
    "output config": "pb.get_output_config_by_name(config, 'y')['data_type']",
    "no such output": "pb.get_output_config_by_name(config, 'nope')",
    "dims": "pb.get_input_config_by_name(config, 'x')['dims']",
    "batch size": "config['max_batch_size']",
    "decoupled": "pb.using_decoupled_model_transaction_policy(config)",
    "final flag": "pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL",
    "sequence flags": "[pb.TRITONSERVER_REQUEST_FLAG_SEQUENCE_START, pb.TRITONSERVER_REQUEST_FLAG_SEQUENCE_END]",
    "model dir": "__import__('os').path.basename(pb.get_model_dir())",
    "arguments": "sorted(args)",
    "argument types": "sorted({type(v).__name__ for v in args.values()})",
    "kind": "args['model_instance_kind']",
    "instance": "args['model_instance_name']",
    "numpy type": "str(np.dtype(pb.triton_string_to_numpy('TYPE_INT64')))",
    "log": "pb.Logger.log_info('seen')",
    "log level": "pb.Logger.log('seen', pb.Logger.WARNING)",
}
MODEL = f"""\
import json
import numpy as np
import triton_python_backend_utils as pb

PROBES = {PROBES!r}


class TritonPythonModel:
    def initialize(self, args):
        self.args = args

    def execute(self, requests):
        args, config = self.args, json.loads(self.args["model_config"])
        responses = []
        for request in requests:
            found = {{}}
            for name, code in PROBES.items():
                try:
                    value = eval(code, {{**globals(), **locals()}})
                    plain = isinstance(value, (int, float, str, list, bool, type(None)))
                    found[name] = value if plain else type(value).__name__
                except Exception as error:
                    found[name] = "raises " + type(error).__name__
            text = np.array([json.dumps(found).encode()], object)
            responses.append(pb.InferenceResponse([pb.Tensor("y", text)]))
        return responses
"""
INPUTS = {"x": np.ones(2, np.float32), "s": np.array([b"a", "é".encode()], object)}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("probe")
    (root / "probe" / "1").mkdir(parents=True)
    (root / "probe" / "config.pbtxt").write_text(CONFIG)
    (root / "probe" / "1" / "model.py").write_text(MODEL)
    return root


@pytest.fixture(scope="module")
def real(repository, tmp_path_factory):
    with Server(repository, tmp_path_factory.mktemp("log") / "log") as server, Client(server.grpc) as client:
        return json.loads(client.infer("probe", INPUTS)["y"][0])


@pytest.fixture(scope="module")
def fake(repository):
    with PythonModel(repository / "probe") as model:
        return json.loads(model.infer(**INPUTS)["y"][0])


@pytest.mark.parametrize("probe", PROBES)
def test_it_answers_as_the_stub_does(probe, real, fake):
    assert fake[probe] == real[probe]


def test_a_sender_refuses_what_the_stub_refuses(tmp_path):
    module = pb_utils.make(tmp_path)
    sender = module.InferenceRequest().get_response_sender()
    with pytest.raises(TritonModelException, match="must be provided"):
        sender.send()
    with pytest.raises(TritonModelException, match="Unsupported flag"):
        sender.send(module.InferenceResponse([]), 7)
    sender.send(flags=module.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
    with pytest.raises(TritonModelException, match="has been closed"):
        sender.send(module.InferenceResponse([]))


def test_a_counter_refuses_what_triton_refuses(tmp_path):
    module = pb_utils.make(tmp_path)
    family = module.MetricFamily(name="probe_total", description="d", kind=module.MetricFamily.COUNTER)
    metric = family.Metric(labels={"a": "b"})
    metric.increment(2)
    assert metric.value() == 2
    with pytest.raises(TritonModelException, match="incremented monotonically"):
        metric.increment(-1)
    with pytest.raises(TritonModelException, match="does not support Set"):
        metric.set(1)
