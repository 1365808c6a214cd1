"""The two models that every peer serves, as plain functions: peers differ in serving alone.

The environment says where the models are (PEER_TOKENIZER, PEER_ENCODER, PEER_HEAD, PEER_RISK), which task is served
(PEER_TASK), how many requests are joined at most (PEER_BATCH, 1 for none) and on how many cores (PEER_CORES).
"""

import os

import numpy as np
import onnxruntime
from safetensors.numpy import load_file
from tokenizers import Tokenizer

TASK = os.environ["PEER_TASK"]
BATCH = int(os.environ["PEER_BATCH"])
PROCESSES = int(os.environ["PEER_CORES"])
"""One a core."""
WAIT_S = 0.01
MAX_TOKENS = 256
LABELS = ("negative", "positive")


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Text:
    """Texts -> label and confidence of each, in one pass padded to the longest."""

    def __init__(self):
        self.tokenizer = Tokenizer.from_file(os.environ["PEER_TOKENIZER"])
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding()
        self.encoder = session(os.environ["PEER_ENCODER"])
        head = load_file(os.environ["PEER_HEAD"])
        self.coefficients, self.intercept = head["coefficients"], head["intercept"]

    def __call__(self, texts):
        rows = self.tokenizer.encode_batch_fast(texts)
        inputs = {
            "input_ids": np.array([row.ids for row in rows], np.int64),
            "attention_mask": np.array([row.attention_mask for row in rows], np.int64),
        }
        (embedding,) = self.encoder.run(["sentence_embedding"], inputs)
        positive = 1 / (1 + np.exp(-(embedding @ self.coefficients + self.intercept)))
        return [{"label": LABELS[p > 0.5], "confidence": max(p, 1 - p)} for p in positive.reshape(-1).tolist()]


class Tabular:
    """Rows of 16 features -> probability of default of each."""

    def __init__(self):
        self.model = session(os.environ["PEER_RISK"])

    def __call__(self, rows):
        (probability,) = self.model.run(["probability_of_default"], {"features": np.asarray(rows, np.float32)})
        return probability.reshape(-1).tolist()


MODELS = {"text": Text, "tabular": Tabular}
