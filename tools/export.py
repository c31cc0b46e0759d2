"""Export weights: ``tools/export.py WEIGHTS.safetensors --to onnx [--out FILE]``."""

from __future__ import annotations

import argparse

from spotter.cli.errors import run_tool


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", help="a .safetensors file of ours")
    parser.add_argument("--to", choices=("onnx",), default="onnx")
    parser.add_argument("--out", help="file to write; default: beside the weights")
    parser.add_argument(
        "--half-weights",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="store weights as float16 (half the file), compute in float32 as before",
    )
    parser.add_argument(
        "--tolerance", type=float, help="largest difference to torch, relative to the output"
    )
    arguments = parser.parse_args()
    from spotter.export.onnx import export_onnx

    report = export_onnx(
        arguments.weights, arguments.out, arguments.half_weights, arguments.tolerance
    )
    print(
        f"{report.path}: {report.size / 1e6:.2f} MB, largest difference to torch"
        f" {report.difference:.2g} of the output (tolerance {report.tolerance:.2g})"
    )


if __name__ == "__main__":
    run_tool(main)
