CHAIN = """\
==> example/config.pbtxt <==
platform: "ensemble"
max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
output { name: "z" data_type: TYPE_FP32 dims: [ 3 ] }
ensemble_scheduling {
  step { model_name: "a" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } }
  step { model_name: "b" model_version: -1 input_map { key: "x" value: "y" } output_map { key: "y" value: "z" } }
}
==> a/config.pbtxt <==
backend: "python"
max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
dynamic_batching { default_queue_policy { max_queue_size: 4 } }
==> b/config.pbtxt <==
backend: "python"
max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
"""


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR518") == [
        (
            "example/config.pbtxt:7:3: warning TR518 'a' limits its queue and runs beside 'b': a full queue hangs "
            "the request for ever [24.10]; run the steps one after the other, drop max_queue_size, or use 26.02"
        ),
    ]


def test_steps_one_after_the_other_do_not_hang(codes):
    assert codes(CHAIN) == []


def test_a_release_with_the_mend_is_not_told(codes):
    beside = CHAIN.replace('value: "y" } output_map { key: "y" value: "z"', 'value: "x" } output_map { key: "y" value: "z"')
    beside = beside.replace(
        "ensemble_scheduling", 'output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }\nensemble_scheduling', 1
    )
    assert codes(beside) == ["TR518"]
    assert codes(beside, releases=("26.02",)) == []
