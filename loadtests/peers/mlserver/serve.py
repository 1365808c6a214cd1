"""MLServer: a custom runtime behind its V2 inference protocol, in as many worker processes as cores."""

import common
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Model(MLModel):
    async def load(self) -> bool:
        self.model = common.MODELS[common.TASK]()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=list(self._outputs(payload.inputs[0])))

    def _outputs(self, given):
        if common.TASK == "tabular":
            rows = np.array(self.model(NumpyCodec.decode_input(given)), np.float32)[:, None]
            yield NumpyCodec.encode_output("probability", rows)
            return
        rows = self.model(StringCodec.decode_input(given))
        yield StringCodec.encode_output("label", [row["label"] for row in rows])
        yield NumpyCodec.encode_output("confidence", np.array([[row["confidence"]] for row in rows], np.float32))
