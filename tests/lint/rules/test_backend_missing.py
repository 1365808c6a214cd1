def test_it_says_where_what_and_what_to_do(said):
    assert said("TR110") == [
        ("example/config.pbtxt:1:10: warning TR110 Triton's images have no backend 'onxruntime'; did you mean 'onnxruntime'?"),
    ]


def test_a_library_in_the_models_folder_is_a_backend(codes):
    example = '==> example/config.pbtxt <==\nbackend: "mine"\n==> example/1/x <==\n\n==> example/libtriton_mine.so <==\n\n'
    assert codes(example) == []
