def test_it_says_where_what_and_what_to_do(said):
    assert said("TR104") == [
        (
            "example/20240131123456789012:1:1: error TR104 the folder '20240131123456789012' ends the server: its "
            "number does not fit 64 bits; use a smaller number"
        ),
    ]


def test_the_largest_64_bit_number_is_a_version(codes):
    model = "class TritonPythonModel:\n    def execute(self, requests): return []\n"
    assert codes(f'==> example/config.pbtxt <==\nbackend: "python"\n==> example/{2**63 - 1}/model.py <==\n{model}') == []
