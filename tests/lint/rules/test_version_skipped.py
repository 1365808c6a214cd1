def test_it_says_where_what_and_what_to_do(said):
    assert said("TR103") == [
        "example/002:1:1: warning TR103 Triton skips the folder '002': it begins with a zero; rename it to 2",
    ]


def test_the_number_0_is_a_version(codes):
    model = "class TritonPythonModel:\n    def execute(self, requests): return []\n"
    assert codes(f'==> example/config.pbtxt <==\nbackend: "python"\n==> example/0/model.py <==\n{model}') == []
