import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Whether a text has more than three words."""

    def execute(self, requests):
        counts = [pb_utils.get_input_tensor_by_name(request, "WORDS").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("LONG", count > 3)]) for count in counts]
