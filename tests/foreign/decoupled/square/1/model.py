import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The square of each number."""

    def execute(self, requests):
        tensors = [pb_utils.get_input_tensor_by_name(request, "IN").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("OUT", values * values)]) for values in tensors]
