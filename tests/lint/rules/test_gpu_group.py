def test_it_says_where_what_and_what_to_do(said):
    assert said("TR309") == [
        (
            "example/config.pbtxt:2:24: error TR309 KIND_GPU, and the server has no GPU; write KIND_AUTO, or put the "
            "group into configs/<name>.pbtxt for the machines that have one"
        ),
    ]


def test_without_knowledge_of_the_server_nothing_is_said(codes):
    assert codes('backend: "python"\ninstance_group { kind: KIND_GPU }', gpus=None) == []


def test_a_gpu_beyond_the_last_is_found(codes):
    config = 'backend: "python"\ninstance_group { kind: KIND_GPU gpus: [ 0, 2 ] }'
    assert codes(config, gpus=2) == ["TR309"]
    assert codes(config, gpus=3) == []
