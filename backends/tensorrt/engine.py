"""A TensorRT engine run from Python: tensors live in torch's CUDA memory, shapes are set per batch, graphs are replayed.

https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/python-api-docs.html
"""

from __future__ import annotations

import numpy as np
import torch
import triton_python_backend_utils as pb_utils
from cuda_graphs import Graphs
from runtimes import module_of


class Engine:
    """The twin's plan on the twin's GPU: one context a profile, and the graphs that the config asks for."""

    def __init__(self, twin) -> None:
        self.trt = trt = module_of(twin.runtime)
        self.device = torch.device(f"cuda:{twin.device}")
        with torch.cuda.device(self.device):
            runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))
            self.engine = runtime.deserialize_cuda_engine(twin.file.read_bytes())
            if self.engine is None:
                twin.refuse(
                    f"cannot read {twin.file.name} with {twin.runtime} {trt.__version__}; build it for this release and GPU"
                )
            self.stream = torch.cuda.Stream()
            names = [self.engine.get_tensor_name(number) for number in range(self.engine.num_io_tensors)]
            self.outputs = [name for name in names if self.engine.get_tensor_mode(name) == trt.TensorIOMode.OUTPUT]
            self.inputs = [name for name in names if name not in self.outputs]
            self._check(twin)
            self.contexts = [self._context(number) for number in _profiles(twin.config, self.engine)]
            self.graphs = Graphs(twin, self._capture)

    def compute(self, arrays, wanted) -> dict:
        """Return the wanted outputs; an engine computes all of them."""
        with torch.cuda.device(self.device), torch.cuda.stream(self.stream):
            replayed = self.graphs.run(arrays, wanted)
            if replayed is not None:
                return replayed
            tensors = {name: torch.from_numpy(array).to(self.device, non_blocking=True) for name, array in arrays.items()}
            made = self._run(tensors, *self._prepared(tensors))
            return {name: made[name].cpu().numpy() for name in wanted}

    def _check(self, twin) -> None:
        """Refuse a config whose tensors are not the engine's, by name or type, as the native backend does."""
        for side, names in (("input", self.inputs), ("output", self.outputs)):
            stated = {row["name"]: row["data_type"] for row in twin.config[side]}
            for name in stated.keys() ^ set(names):
                twin.refuse(f"finds the {side} '{name}' in {'the config' if name in stated else twin.file.name} alone")
            for name, kind in stated.items():
                own = np.dtype(self.trt.nptype(self.engine.get_tensor_dtype(name)))
                if own != np.dtype(pb_utils.triton_string_to_numpy(kind)):
                    twin.refuse(f"finds {side} '{name}' of {own} in {twin.file.name}, and the config states {kind}")

    def _context(self, number) -> tuple:
        context = self.engine.create_execution_context()
        if not context.set_optimization_profile_async(number, self.stream.cuda_stream):
            raise RuntimeError(f"TensorRT did not set optimisation profile {number}")
        return number, context

    def _prepared(self, tensors) -> tuple:
        """Return the first context whose profile takes these shapes, with buffers for its outputs, both bound to it."""
        number, context = next((one for one in self.contexts if self._takes(one[0], tensors)), (None, None))
        if context is None:
            name = min(tensors)
            raise ValueError(f"{name}: shape {list(tensors[name].shape)} is outside the engine's optimisation profiles")
        for name, tensor in tensors.items():
            if not context.set_input_shape(name, tuple(tensor.shape)):
                raise ValueError(f"{name}: shape {list(tensor.shape)} is outside optimisation profile {number}")
            context.set_tensor_address(name, tensor.data_ptr())
        made = {name: self._empty(context, name) for name in self.outputs}
        for name, tensor in made.items():
            context.set_tensor_address(name, tensor.data_ptr())
        return context, made

    def _run(self, tensors, context, made) -> dict:  # noqa: ARG002 - the tensors have to live as long
        if not context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
            raise RuntimeError("TensorRT did not run the engine")
        return made

    def _takes(self, number, tensors) -> bool:
        for name, tensor in tensors.items():
            least, _, most = self.engine.get_tensor_profile_shape(name, number)
            if not all(low <= size <= high for low, size, high in zip(tuple(least), tensor.shape, tuple(most))):
                return False
        return True

    def _empty(self, context, name) -> torch.Tensor:
        return torch.empty(tuple(context.get_tensor_shape(name)), dtype=self._dtype(name), device=self.device)

    def _dtype(self, name) -> torch.dtype:
        return torch.from_numpy(self.trt.nptype(self.engine.get_tensor_dtype(name))(0).reshape(1)).dtype

    def _capture(self, shapes) -> tuple:
        """Return buffers of these shapes, what replays the engine on them, and its outputs.

        https://docs.nvidia.com/deeplearning/tensorrt/latest/performance/best-practices.html#cuda-graphs: an enqueue before the
        capture does what must not be captured. Each graph has a context of its own, whose shapes nobody changes.
        """
        with torch.cuda.stream(self.stream):
            tensors = {name: torch.ones(shapes[name], dtype=self._dtype(name), device=self.device) for name in self.inputs}
        shared = self.contexts
        self.contexts = [self._context(number) for number, _ in shared if self._takes(number, tensors)]
        try:
            context, made = self._prepared(tensors)
        finally:
            self.contexts = shared
        with torch.cuda.stream(self.stream):
            self._run(tensors, context, made)
        self.stream.synchronize()
        if not getattr(context, "is_stream_capturable", lambda _: True)(self.stream.cuda_stream):
            raise RuntimeError("TensorRT says that this engine cannot be captured")
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.stream):
            self._run(tensors, context, made)
        return tensors, _Replay(graph, context), made


class _Replay:
    """Replays a graph, and keeps the context alive whose memory it uses."""

    def __init__(self, graph, context) -> None:
        self.graph, self.context = graph, context

    def __call__(self) -> None:
        self.graph.replay()


def _profiles(config, engine) -> list:
    """Return the profiles that the config names, the first one without any, as the native backend."""
    named = [int(number) for group in config.get("instance_group") or [] for number in group.get("profile") or []]
    chosen = sorted(set(named)) or [0]
    if chosen[-1] >= engine.num_optimization_profiles:
        raise ValueError(
            f"the plan has no optimisation profile {chosen[-1]}; its last is {engine.num_optimization_profiles - 1}"
        )
    return chosen
