import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The first word of each text, and how many it has."""

    def execute(self, requests):
        responses = []
        for request in requests:
            texts = pb_utils.get_input_tensor_by_name(request, "TEXT").as_numpy()
            words = [text.decode().split() for text in texts.flat]
            first = np.array([(found or [""])[0] for found in words], object).reshape(texts.shape)
            count = np.array([len(found) for found in words], np.int64).reshape(texts.shape)
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("FIRST", first), pb_utils.Tensor("WORDS", count)]))
        return responses
