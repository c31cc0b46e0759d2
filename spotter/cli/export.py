"""``spotter export``: weights for ONNX runtimes."""

from __future__ import annotations

import click

from spotter.cli.commands import command


@command(examples=("spotter export best.safetensors --out best.onnx",))
@click.argument("weights")
@click.option("--to", type=click.Choice(("onnx",)), default="onnx", show_default=True)
@click.option("--out", help="file to write; default: beside the weights")
@click.option(
    "--half-weights/--no-half-weights",
    default=True,
    show_default=True,
    help="store weights as float16 (half the file), compute in float32 as before",
)
@click.option("--tolerance", type=float, help="largest difference to torch, relative to the output")
def export(
    weights: str, to: str, out: str | None, half_weights: bool, tolerance: float | None
) -> None:
    """Export WEIGHTS (.safetensors) to ONNX, and compare the two."""
    from spotter.export.onnx import export_onnx

    report = export_onnx(weights, out, half_weights, tolerance)
    print(
        f"{report.path}: {report.size / 1e6:.2f} MB, largest difference to torch"
        f" {report.difference:.2g} of the output (tolerance {report.tolerance:.2g})"
    )
