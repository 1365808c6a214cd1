"""TensorRT engines from a model's ONNX: what to build, by which runtime, with a record of how."""
