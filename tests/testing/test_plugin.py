pytest_plugins = ["pytester"]


def test_a_run_without_a_repository_says_how_to_name_one(pytester):
    pytester.makepyfile("def test_it(triton_repository): pass")
    result = pytester.runpytest_subprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*give --triton-repository, set triton_repository in the ini file*"])


def test_a_server_and_its_clients_are_there_for_a_session(pytester):
    folder = pytester.path / "repository" / "echo" / "1"
    folder.mkdir(parents=True)
    (folder.parent / "config.pbtxt").write_text(
        'backend: "python"\ninput { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }\n'
        'output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }'
    )
    (folder / "model.py").write_text(
        "import triton_python_backend_utils as pb_utils\n\n\nclass TritonPythonModel:\n    def execute(self, requests):\n"
        "        tensors = [pb_utils.Tensor('y', request.inputs()[0].as_numpy()) for request in requests]\n"
        "        return [pb_utils.InferenceResponse([tensor]) for tensor in tensors]\n"
    )
    pytester.makeini("[pytest]\ntriton_repository = repository\n")
    pytester.makepyfile(
        """
        def test_both_protocols_answer(triton_client, triton_http_client):
            assert triton_client.infer("echo", {"x": [2.0]})["y"].tolist() == [2.0]
            assert triton_http_client.infer("echo", {"x": [3.0]})["y"].tolist() == [3.0]

        def test_the_code_runs_alone_too(triton_model, triton_repository):
            import numpy as np
            model = triton_model(triton_repository / "echo")
            assert model.infer(x=np.ones(1, np.float32))["y"].tolist() == [1.0]
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
