"""LitServe: as many workers as cores, each joining waiting requests into batches."""

import sys

import common
import litserve as ls

FIELD = {"text": "text", "tabular": "features"}[common.TASK]


class Model(ls.LitAPI):
    def setup(self, device):
        self.model = common.MODELS[common.TASK]()

    def decode_request(self, request):
        return request[FIELD]

    def batch(self, inputs):
        return inputs

    def predict(self, rows):
        return self.model(rows) if common.BATCH > 1 else self.model([rows])[0]

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return output if common.TASK == "text" else {"probability": output}


if __name__ == "__main__":
    batching = {"max_batch_size": common.BATCH, "batch_timeout": common.WAIT_S if common.BATCH > 1 else 0}
    api = Model(api_path=f"/{common.TASK}", **batching)
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=common.PROCESSES)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False)
