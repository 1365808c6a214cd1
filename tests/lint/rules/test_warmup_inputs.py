def test_it_says_where_what_and_what_to_do(said):
    assert said("TR451") == [
        ("example/config.pbtxt:4:1: error TR451 the sample 'one' has no input 'x'; add inputs { key: \"...\" value { ... } }"),
    ]


def test_an_ensemble_and_a_batch_of_0_run_no_warm_up(codes):
    config = 'backend: "python"\ninput { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }\nmodel_warmup { name: "one" }'
    assert codes(config) == ["TR456"]


def test_a_sample_of_nothing_is_refused_even_if_every_input_is_optional(codes):
    config = """\
        backend: "python"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] optional: true }
        model_warmup { name: "one" batch_size: 1 }
        """
    assert codes(config) == ["TR451"]
