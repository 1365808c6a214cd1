def test_it_says_where_what_and_what_to_do(said):
    assert said("TR310") == [
        "example/config.pbtxt:2:41: error TR310 KIND_CPU takes no gpus; leave gpus out, or write KIND_GPU",
    ]


def test_an_automatic_group_is_refused_where_its_gpus_are_not(codes):
    config = 'backend: "python"\ninstance_group { gpus: [ 0 ] }'
    assert codes(config) == ["TR310"]
    assert codes(config, gpus=1) == []
    assert codes(config, gpus=None) == []
