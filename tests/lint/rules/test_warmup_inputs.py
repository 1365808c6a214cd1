def test_it_says_where_what_and_what_to_do(said):
    assert said("TR451") == [
        ("example/config.pbtxt:4:1: error TR451 the sample 'one' has no input 'x'; add inputs { key: \"...\" value { ... } }"),
    ]


def test_an_ensemble_and_a_batch_of_0_run_no_warm_up(codes):
    config = 'backend: "python"\ninput { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }\nmodel_warmup { name: "one" }'
    assert codes(config) == ["TR456"]
