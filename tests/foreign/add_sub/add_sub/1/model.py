import json

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Two inputs, their sum and their difference."""

    def initialize(self, args):
        config = json.loads(args["model_config"])
        self.types = [
            pb_utils.triton_string_to_numpy(pb_utils.get_output_config_by_name(config, name)["data_type"])
            for name in ("OUTPUT0", "OUTPUT1")
        ]

    def execute(self, requests):
        responses = []
        for request in requests:
            one = pb_utils.get_input_tensor_by_name(request, "INPUT0").as_numpy()
            two = pb_utils.get_input_tensor_by_name(request, "INPUT1").as_numpy()
            if not np.isfinite(one).all():
                error = pb_utils.TritonError("INPUT0 holds no numbers", pb_utils.TritonError.INVALID_ARG)
                responses.append(pb_utils.InferenceResponse(error=error))
                continue
            tensors = [
                pb_utils.Tensor("OUTPUT0", (one + two).astype(self.types[0])),
                pb_utils.Tensor("OUTPUT1", (one - two).astype(self.types[1])),
            ]
            responses.append(pb_utils.InferenceResponse(tensors))
        return responses
