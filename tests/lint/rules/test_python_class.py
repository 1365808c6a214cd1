def test_it_says_where_what_and_what_to_do(said):
    assert said("TR612") == [
        "example/1/model.py:1:1: error TR612 model.py of version 1 has no class TritonPythonModel; name the class so",
    ]


def test_an_import_may_bring_the_class(codes):
    files = '==> example/config.pbtxt <==\nbackend: "python"\n==> example/1/model.py <==\nfrom elsewhere import *\n'
    assert codes(files) == []
