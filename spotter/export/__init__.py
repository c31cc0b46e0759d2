"""Export of trained weights to ONNX."""
