def test_it_says_where_what_and_what_to_do(said):
    assert said("TR107") == [
        (
            "example:1:1: error TR107 Triton takes the folder 'example' for a model, and it has no config; move the "
            "folder out of the repository, or give it a config or one of model.plan, model.onnx, model.xml, "
            "model.pt, model.py"
        ),
    ]


def test_a_file_that_triton_knows_tells_the_backend(codes):
    assert codes("==> example/1/model.py <==\nclass TritonPythonModel:\n    def execute(self, requests): return []\n") == []


def test_a_folder_before_the_version_hides_the_file(codes):
    model = "class TritonPythonModel:\n    def execute(self, requests): return []\n"
    assert "TR107" in codes(f"==> example/1/model.py <==\n{model}==> example/.cache/x <==\n\n")


def test_the_end_of_a_name_may_be_the_backend(codes):
    assert "TR107" not in codes("==> example.identity/config.pbtxt <==\nmax_batch_size: 1\n")
