"""A TensorRT engine run from Python: tensors live in torch's CUDA memory, shapes are set per batch.

https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/python-api-docs.html
"""

from __future__ import annotations

import tensorrt
import torch


class Engine:
    """One execution context of the twin's plan on the twin's GPU."""

    def __init__(self, twin) -> None:
        self.device = torch.device(f"cuda:{twin.device}")
        with torch.cuda.device(self.device):
            runtime = tensorrt.Runtime(tensorrt.Logger(tensorrt.Logger.WARNING))
            self.engine = runtime.deserialize_cuda_engine(twin.file.read_bytes())
            if self.engine is None:
                twin.refuse(
                    f"cannot read {twin.file.name} with TensorRT {tensorrt.__version__}; build it for this release and GPU"
                )
            self.context = self.engine.create_execution_context()
            self.stream = torch.cuda.Stream()
        names = [self.engine.get_tensor_name(number) for number in range(self.engine.num_io_tensors)]
        self.outputs = [name for name in names if self.engine.get_tensor_mode(name) == tensorrt.TensorIOMode.OUTPUT]

    def compute(self, arrays, wanted) -> dict:
        """Return the wanted outputs; an engine computes all of them."""
        with torch.cuda.device(self.device), torch.cuda.stream(self.stream):
            tensors = {name: torch.from_numpy(array).to(self.device, non_blocking=True) for name, array in arrays.items()}
            for name, tensor in tensors.items():
                if not self.context.set_input_shape(name, tuple(tensor.shape)):
                    raise ValueError(f"{name}: shape {list(tensor.shape)} is outside the engine's optimisation profile")
                self.context.set_tensor_address(name, tensor.data_ptr())
            made = {name: self._empty(name) for name in self.outputs}
            for name, tensor in made.items():
                self.context.set_tensor_address(name, tensor.data_ptr())
            if not self.context.execute_async_v3(self.stream.cuda_stream):
                raise RuntimeError("TensorRT did not run the engine")
            found = {name: made[name].cpu() for name in wanted}
        return {name: tensor.numpy() for name, tensor in found.items()}

    def _empty(self, name) -> torch.Tensor:
        dtype = torch.from_numpy(tensorrt.nptype(self.engine.get_tensor_dtype(name))(0).reshape(1)).dtype
        return torch.empty(tuple(self.context.get_tensor_shape(name)), dtype=dtype, device=self.device)
