"""The pytorch twin: TorchScript models by torch's Python package, with the native backend's naming rules and parameters.

https://github.com/triton-inference-server/pytorch_backend#model-configuration
"""

from __future__ import annotations

import os

import numpy as np
import triton_python_backend_utils as pb_utils
from twin import Twin

INDEXED = "__"
WARM_UPS = 3
"""Runs before a capture: TorchScript's executor profiles twice before it compiles."""


class TritonPythonModel(Twin):
    """One TorchScript module an instance."""

    backend = "pytorch"
    default_file = "model.pt"

    def open(self) -> None:
        if self.device is None and _crowded(self.config, self.whole("INTRA_OP_THREAD_COUNT"), os.cpu_count() or 1):
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is imported
        import torch  # late: Triton imports this file once more, to complete the config
        from cuda_graphs import Graphs

        self.torch = torch
        self._set_threads()
        if self.device is not None and not self.torch.cuda.is_available():
            self.refuse("is asked for a GPU, and this torch has no CUDA")
        self.target = torch.device("cpu" if self.device is None else f"cuda:{self.device}")
        self.module = self.torch.jit.load(str(self.file), map_location=self.target).eval()
        self.inference_mode = self.truth("INFERENCE_MODE", default=True)
        arguments = [argument.name for argument in self.module.forward.schema.arguments[1:]]
        self.places = _places([row["name"] for row in self.config["input"]], arguments)
        self.output_places = _places([row["name"] for row in self.config["output"]], [])
        if sorted(self.places.values()) != list(range(len(self.places))):
            self.refuse(
                f"cannot place the inputs {', '.join(self.places)}: name them as forward does, or <name>__<index> from 0"
            )
        self.graphs = Graphs(self, self._capture) if self.device is not None else None

    def run(self, arrays, wanted) -> dict:
        with self.torch.no_grad(), self.torch.inference_mode(self.inference_mode):
            replayed = self.graphs.run(arrays, wanted) if self.graphs else None
            if replayed is not None:
                return replayed
            outputs = self._outputs({name: self.torch.from_numpy(array).to(self.target) for name, array in arrays.items()})
        return {name: outputs[name].cpu().numpy() for name in wanted}

    def _outputs(self, tensors) -> dict:
        """Run the module and return its outputs by the names that the config gives them."""
        results = self.module(*(tensors[name] for name in sorted(tensors, key=self.places.get)))
        rows = results if isinstance(results, (tuple, list)) else [results]
        if max(self.output_places.values()) >= len(rows):
            raise TypeError(f"the module returns {len(rows)} tensors, and the config states {', '.join(self.output_places)}")
        return {name: rows[place] for name, place in self.output_places.items()}

    def _capture(self, shapes) -> tuple:
        """Return buffers of these shapes, what replays the module on them, and its outputs.

        https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs: the module runs on a side stream first, so
        that what it allocates and compiles is there before the capture.
        """
        torch = self.torch
        types = {row["name"]: pb_utils.triton_string_to_numpy(row["data_type"]) for row in self.config["input"]}
        with torch.no_grad(), torch.inference_mode(self.inference_mode), torch.cuda.device(self.target):
            inputs = {
                name: torch.from_numpy(np.ones(shape, types[name])).to(self.target) for name, shape in sorted(shapes.items())
            }
            beside = torch.cuda.Stream()
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                for _ in range(WARM_UPS):
                    self._outputs(inputs)
            torch.cuda.current_stream().wait_stream(beside)
            graph = torch.cuda.CUDAGraph()
            with (
                torch.cuda.stream(beside),
                torch.cuda.graph(graph, stream=beside),
            ):  # the outer one puts the stream back if it fails
                outputs = self._outputs(inputs)
        return inputs, graph.replay, outputs

    def load(self, args) -> None:
        texts = [row["name"] for row in self.config["input"] if row["data_type"] == "TYPE_STRING"]
        if texts:
            self.refuse(f"takes no strings: {', '.join(texts)}")
        if self.config.get("sequence_batching"):
            self.refuse("cannot honour the control inputs of sequence_batching")
        super().load(args)

    def _set_threads(self) -> None:
        if self.whole("INTRA_OP_THREAD_COUNT"):
            self.torch.set_num_threads(self.whole("INTRA_OP_THREAD_COUNT"))
        if self.whole("INTER_OP_THREAD_COUNT"):
            self.torch.set_num_interop_threads(self.whole("INTER_OP_THREAD_COUNT"))


def _crowded(config, threads, cores) -> bool:
    """Say whether a model's instances have more threads than there are cores, none stated being all of them.

    Then a thread of OpenMP that waits by spinning, as is the default, keeps the core from the one that it waits for.
    """
    instances = sum(int(group.get("count") or 1) for group in config.get("instance_group") or [{}])
    return instances > 1 and instances * (threads or cores) > cores


def _places(names, arguments) -> dict:
    """Return each name's place: by forward's argument names, by the index of <name>__<index>, else in the config's order."""
    if arguments and set(names) <= set(arguments):
        return {name: arguments.index(name) for name in names}
    indices = [name.rpartition(INDEXED)[2] for name in names]
    if all(INDEXED in name for name in names) and all(index.isdigit() for index in indices):
        return dict(zip(names, map(int, indices)))
    return {name: place for place, name in enumerate(names)}
