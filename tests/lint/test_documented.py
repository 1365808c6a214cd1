"""Every feature of Triton's own documentation, stated at least once, passes.

https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md and its neighbours (ragged_batching,
optimization, rate_limiter, response_cache, model_repository, architecture, metrics, ensemble_models, implicit_state_management).
"""

import textwrap

import pytest
from layout import lay_out

from trireme.lint.finding import Severity
from trireme.lint.repository import Options
from trireme.lint.run import lint

NEWEST = Options(("26.09",), gpus=8)
IO = 'input [ { name: "x" data_type: TYPE_FP32 dims: [ 16 ] } ] output [ { name: "y" data_type: TYPE_FP32 dims: [ 16 ] } ]'
PYTHON = f'backend: "python" max_batch_size: 8 {IO}'
PLAN = f'==> example/1/model.plan <==\n(plan)\n==> example/config.pbtxt <==\nbackend: "tensorrt" max_batch_size: 8 {IO}\n'
CONTROLS = """
  control_input [
    { name: "START" control [ { kind: CONTROL_SEQUENCE_START fp32_false_true: [ 0, 1 ] } ] },
    { name: "END" control [ { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } ] },
    { name: "READY" control [ { kind: CONTROL_SEQUENCE_READY bool_false_true: [ false, true ] } ] },
    { name: "CORRID" control [ { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } ] }
  ]
"""
DOCUMENTED = {
    "minimal": "==> example/1/model.py <==\nclass TritonPythonModel:\n    def execute(self, requests): return []\n",
    "platform": "==> example/1/model.plan <==\n(plan)\n==> example/config.pbtxt <==\n"
    f'platform: "tensorrt_plan" max_batch_size: 8 {IO}',
    "pytorch names": "==> example/1/model.pt <==\nx\n==> example/config.pbtxt <==\n"
    'platform: "pytorch_libtorch" input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 3, -1 ] } '
    'output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 1 ] }',
    "tensorflow": "==> example/1/model.graphdef <==\nx\n==> example/config.pbtxt <==\n"
    f'platform: "tensorflow_graphdef" max_batch_size: 8 {IO}',
    "openvino": f'==> example/1/model.xml <==\nx\n==> example/config.pbtxt <==\nbackend: "openvino" {IO}',
    "onnx without tensors": "==> example/1/model.onnx <==\n(onnx) g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }\n",
    "every data type": 'backend: "python" '
    + " ".join(
        f'input {{ name: "{kind}" data_type: TYPE_{kind} dims: [ 1 ] }}'
        for kind in [
            "BOOL",
            "UINT8",
            "UINT16",
            "UINT32",
            "UINT64",
            "INT8",
            "INT16",
            "INT32",
            "INT64",
            "FP16",
            "FP32",
            "FP64",
            "STRING",
            "BF16",
        ]
    ),
    "reshape": 'backend: "python" max_batch_size: 4 input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } } '
    'output { name: "y" data_type: TYPE_FP32 dims: [ 2, 4, -1, 6 ] reshape { shape: [ 8, -1, 1, 6 ] } }',
    "formats": 'backend: "python" max_batch_size: 4 input { name: "x" data_type: TYPE_FP32 format: FORMAT_NHWC dims: [ 224, 224, 3 ] }',
    "optional inputs": PYTHON.replace("dims: [ 16 ] } ] output", "dims: [ 16 ] optional: true } ] output"),
    "shape tensors": PLAN + 'input { name: "s" data_type: TYPE_INT32 dims: [ 1 ] is_shape_tensor: true }',
    "packed layouts": PLAN.replace("dims: [ 16 ]", "dims: [ 3, 8, 8 ] is_non_linear_format_io: true"),
    "labels": f"==> example/labels.txt <==\na\n==> example/1/model.py <==\nclass TritonPythonModel:\n    def execute(self, r): return []\n"
    f"==> example/config.pbtxt <==\n{PYTHON.replace('TYPE_FP32 dims: [ 16 ] } ]', 'TYPE_FP32 dims: [ 16 ] } ]', 1)[:-1]}] "
    'output { name: "l" data_type: TYPE_FP32 dims: [ 1 ] label_filename: "labels.txt" }',
    "all versions": PYTHON + " version_policy { all { } }",
    "latest versions": PYTHON + " version_policy: { latest: { num_versions: 2 } }",
    "specific versions": PYTHON + " version_policy { specific { versions: [ 1 ] } }",
    "instance groups": PYTHON
    + " instance_group [ { count: 1 kind: KIND_GPU gpus: [ 0 ] }, { count: 2 kind: KIND_GPU gpus: [ 1, 2 ] } ]",
    "cpu instances": PYTHON + ' instance_group [ { count: 2 kind: KIND_CPU host_policy: "policy_0" } ]',
    "model instances": PYTHON + " instance_group [ { kind: KIND_MODEL } ]",
    "rate limiter": PYTHON + " instance_group [ { count: 1 kind: KIND_GPU gpus: [ 0, 1, 2 ] rate_limiter { resources [ "
    '{ name: "R1" count: 4 }, { name: "R2" global: true count: 2 } ] priority: 2 } } ]',
    "profiles": PLAN + ' instance_group [ { kind: KIND_GPU profile: [ "0", "1" ] } ]',
    "secondary devices": PYTHON + " instance_group { kind: KIND_CPU secondary_devices { kind: KIND_NVDLA device_id: 0 } }",
    "compute capabilities": PLAN + ' cc_model_filenames [ { key: "7.5" value: "model.plan" } ]',
    "optimization": PYTHON + " optimization { graph { level: 1 } priority: PRIORITY_MAX input_pinned_memory { enable: true } "
    "output_pinned_memory { enable: false } gather_kernel_buffer_threshold: 4 eager_batching: true }",
    "accelerators": "==> example/1/model.onnx <==\n(onnx) g (float[n, 16] x) => (float[n, 16] y) { y = Add(x, x) }\n"
    f'==> example/config.pbtxt <==\nbackend: "onnxruntime" max_batch_size: 8 {IO} optimization {{ execution_accelerators {{ '
    'gpu_execution_accelerator : [ { name : "tensorrt" parameters { key: "precision_mode" value: "FP16" } } ] '
    'cpu_execution_accelerator : [ { name : "openvino" } ] } }',
    "cuda graphs": PLAN + " optimization { cuda { graphs: true busy_wait_events: true output_copy_stream: true graph_spec [ { "
    'batch_size: 8 input { key: "x" value { dim: [ 16 ] } } graph_lower_bound { batch_size: 4 input { key: "x" value { dim: [ 16 ] } } } } ] } }',
    "dynamic batching": PYTHON
    + " dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 preserve_ordering: true }",
    "priorities": PYTHON
    + " dynamic_batching { priority_levels: 2 default_priority_level: 2 default_queue_policy { timeout_action: REJECT "
    "default_timeout_microseconds: 5000 allow_timeout_override: true max_queue_size: 64 } "
    "priority_queue_policy { key: 1 value { timeout_action: DELAY default_timeout_microseconds: 5000 } } }",
    "sequences direct": PYTHON
    + " sequence_batching { max_sequence_idle_microseconds: 5000000 direct { max_queue_delay_microseconds: 100 "
    "minimum_slot_utilization: 0.5 } " + CONTROLS + "}",
    "sequences oldest": PYTHON + " sequence_batching { oldest { max_candidate_sequences: 4 preferred_batch_size: [ 2, 8 ] "
    "max_queue_delay_microseconds: 100 preserve_ordering: true } " + CONTROLS + "}",
    "implicit state": PLAN
    + ' sequence_batching { state [ { input_name: "INPUT_STATE" output_name: "OUTPUT_STATE" data_type: TYPE_INT32 '
    "dims: [ -1 ] use_same_buffer_for_input_output: true use_growable_memory: true initial_state: { data_type: TYPE_INT32 dims: [ 1 ] "
    'zero_data: true name: "initial state" } } ] }',
    "iterative sequences": PYTHON + " sequence_batching { iterative_sequence: true }",
    "warm-up": PYTHON
    + ' model_warmup [ { name: "one" batch_size: 1 count: 3 inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 16 ] '
    "random_data: true } } } ]",
    "response cache": PYTHON + " response_cache { enable: true }",
    "decoupled": PYTHON + " model_transaction_policy { decoupled: True }",
    "agents": PYTHON
    + ' model_repository_agents { agents [ { name: "checksum" parameters { key: "MD5:1/model.py" value: "x" } } ] }',
    "parameters": PYTHON + ' parameters: { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value: { string_value: "no" } }',
    "metric tags": PYTHON + ' metric_tags { key: "team" value: "search" }',
    "histograms": PYTHON
    + ' model_metrics { metric_control: [ { metric_identifier: { family: "nv_inference_first_response_histogram_ms" } '
    "histogram_options: { buckets: [ 1, 2, 4, 8 ] } } ] }",
    "a file of another name": "==> example/1/graph.onnx <==\n(onnx) g (float[n, 16] x) => (float[n, 16] y) { y = Add(x, x) }\n"
    f'==> example/config.pbtxt <==\nbackend: "onnxruntime" max_batch_size: 8 default_model_filename: "graph.onnx" {IO}',
    "ragged batches": PLAN.replace("dims: [ 16 ]", "dims: [ -1 ] allow_ragged_batch: true", 1)
    + ' dynamic_batching { } batch_input [ { kind: BATCH_ACCUMULATED_ELEMENT_COUNT target_name: "INDEX" data_type: TYPE_FP32 '
    'source_input: "x" } ] batch_output [ { target_name: "y" kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: "x" } ]',
    "an ensemble": '==> example/config.pbtxt <==\nname: "example"\nplatform: "ensemble"\nmax_batch_size: 1\n'
    'input [ { name: "IMAGE" data_type: TYPE_STRING dims: [ 1 ] } ]\n'
    'output [ { name: "CLASSIFICATION" data_type: TYPE_FP32 dims: [ 1000 ] }, { name: "SEGMENTATION" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] } ]\n'
    "ensemble_scheduling { max_inflight_requests: 16 step [\n"
    '{ model_name: "preprocess" model_version: -1 input_map { key: "RAW_IMAGE" value: "IMAGE" } '
    'output_map { key: "PREPROCESSED_OUTPUT" value: "preprocessed_image" } },\n'
    '{ model_name: "classify" model_version: -1 input_map { key: "FORMATTED_IMAGE" value: "preprocessed_image" } '
    'output_map { key: "CLASSIFICATION_OUTPUT" value: "CLASSIFICATION" } },\n'
    '{ model_name: "segment" model_version: -1 input_map { key: "FORMATTED_IMAGE" value: "preprocessed_image" } '
    'output_map { key: "SEGMENTATION_OUTPUT" value: "SEGMENTATION" } } ] }\n'
    '==> preprocess/config.pbtxt <==\nbackend: "python" max_batch_size: 1 input { name: "RAW_IMAGE" data_type: TYPE_STRING dims: [ 1 ] } '
    'output { name: "PREPROCESSED_OUTPUT" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }\n'
    '==> classify/config.pbtxt <==\nbackend: "python" max_batch_size: 1 input { name: "FORMATTED_IMAGE" data_type: TYPE_FP32 '
    'dims: [ 3, 224, 224 ] } output { name: "CLASSIFICATION_OUTPUT" data_type: TYPE_FP32 dims: [ 1000 ] }\n'
    '==> segment/config.pbtxt <==\nbackend: "python" max_batch_size: 1 input { name: "FORMATTED_IMAGE" data_type: TYPE_FP32 '
    'dims: [ 3, 224, 224 ] } output { name: "SEGMENTATION_OUTPUT" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }\n',
}


@pytest.mark.parametrize("feature", DOCUMENTED)
def test_what_the_documentation_shows_has_no_error(feature, tmp_path):
    found = lint(lay_out(textwrap.dedent(DOCUMENTED[feature]), tmp_path / "repository"), NEWEST)
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []


def test_every_field_of_the_protobuf_is_stated_somewhere():
    """What the documentation does not show is named here, with why."""
    from trireme.lint.text import model_config  # noqa: PLC0415 - the class is made at run time

    stated = " ".join(DOCUMENTED.values())
    unshown = {
        "model_operations",
        "model_namespace",
        "runtime",
    }  # a library for TensorFlow; experimental; a name of the backend's own file
    unshown |= {
        "passive",
        "input_data_file",
        "data_file",
        "bool_value",
        "zero_data",
    }  # passive is for backends alone; the others need files
    for field in model_config().DESCRIPTOR.fields:
        assert field.name in stated or field.name in unshown, field.name
