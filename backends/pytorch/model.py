"""The pytorch twin: TorchScript models by torch's Python package, with the native backend's naming rules and parameters.

https://github.com/triton-inference-server/pytorch_backend#model-configuration
"""

from __future__ import annotations

from twin import Twin

INDEXED = "__"


class TritonPythonModel(Twin):
    """One TorchScript module an instance."""

    backend = "pytorch"
    default_file = "model.pt"

    def open(self) -> None:
        import torch  # late: Triton imports this file once more, to complete the config

        self.torch = torch
        self._set_threads()
        if self.device is not None and not self.torch.cuda.is_available():
            self.refuse("is asked for a GPU, and this torch has no CUDA")
        self.target = torch.device("cpu" if self.device is None else f"cuda:{self.device}")
        self.module = self.torch.jit.load(str(self.file), map_location=self.target).eval()
        self.inference_mode = self.truth("INFERENCE_MODE", default=True)
        arguments = [argument.name for argument in self.module.forward.schema.arguments[1:]]
        self.order = _order([row["name"] for row in self.config["input"]], arguments)
        self.output_names = _order([row["name"] for row in self.config["output"]], [])

    def compute(self, arrays, wanted) -> dict:
        with self.torch.inference_mode(self.inference_mode):
            tensors = [self.torch.from_numpy(arrays[name]).to(self.target) for name in self.order if name in arrays]
            results = self.module(*tensors)
        rows = results if isinstance(results, (tuple, list)) else [results]
        if len(rows) < len(self.output_names):
            raise TypeError(f"the module returns {len(rows)} tensors and the config states {len(self.output_names)}")
        return {name: row.cpu().numpy() for name, row in zip(self.output_names, rows) if name in wanted}

    def load(self, args) -> None:
        texts = [row["name"] for row in self.config["input"] if row["data_type"] == "TYPE_STRING"]
        if texts:
            self.refuse(f"takes no strings: {', '.join(texts)}")
        super().load(args)

    def _set_threads(self) -> None:
        if self.whole("INTRA_OP_THREAD_COUNT"):
            self.torch.set_num_threads(self.whole("INTRA_OP_THREAD_COUNT"))
        if self.whole("INTER_OP_THREAD_COUNT"):
            self.torch.set_num_interop_threads(self.whole("INTER_OP_THREAD_COUNT"))


def _order(names, arguments) -> list:
    """Return the configured names in the module's order: forward's arguments, <name>__<index>, else as configured."""
    if arguments and set(names) <= set(arguments):
        return [argument for argument in arguments if argument in names]
    indices = [name.rpartition(INDEXED)[2] for name in names]
    if all(INDEXED in name for name in names) and all(index.isdigit() for index in indices):
        return [name for _, name in sorted(zip(map(int, indices), names))]
    return list(names)
