"""Where a network runs: ONNX Runtime, OpenVINO or torch, and what goes into it."""
