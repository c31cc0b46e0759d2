"""Adapt the shipped recognizer to photos that have no labels, and read them with it.

python examples/adapt.py photos/ my_reader.safetensors 30

The last number is that of minutes to train. my_reader.onnx is written beside the weights, and both
only if the words that were held back are read more steadily and nothing was forgotten. Interrupted,
the same command goes on where it stopped. It needs the extra "train" and a checkout. The command
`spotter adapt` does the same and has more options: docs/adapt.md.
"""

import sys
from pathlib import Path

from spotter import SceneTextSpotter
from spotter.adaptation.run import AdaptationSettings, adapt_recognizer
from spotter.adaptation.training import TrainingSettings
from spotter.hub.resolution import resolve_preset
from spotter.io.folders import list_images
from spotter.labeling.crop_mining import CropMiningSettings

DRAWN = 4000  # words that keep what the recognizer could read before


def main(photos: str, out: str, minutes: str) -> None:
    preset = resolve_preset("default", runtime="torch")
    settings = AdaptationSettings(
        start=preset.recognizer,
        mining=CropMiningSettings(str(resolve_preset("default").detector)),
        training=TrainingSettings(minutes=float(minutes)),
        drawn=DRAWN,
    )
    weights = Path(out)
    report = adapt_recognizer(Path(photos), weights, weights.with_suffix(".work"), settings)
    before, after = report.before.held_back, report.after.held_back
    if before is not None and after is not None:
        print(f"views that agree: {before.agreement:.1%} before, {after.agreement:.1%} after")
    if report.weights is None:
        print(f"the shipped recognizer is kept: {report.reason}")
        return
    spotter = SceneTextSpotter(recognizer=weights.with_suffix(".onnx"))
    images = list_images(photos)
    for name, result in zip(images, spotter.spot_iter(images.values()), strict=True):
        print(f"{name}: {result.text!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
