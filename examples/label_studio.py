"""Pre-annotate a folder of photos for Label Studio, and read what people corrected.

python examples/label_studio.py photos/ tasks.json

Import tasks.json into a project with the template "Optical Character Recognition", whose local
storage is the folder. `spotter convert labelstudio export.json own/train` makes the corrected
export a data set to train with.
"""

import json
import sys
from pathlib import Path

from spotter import SceneTextSpotter
from spotter.io.folders import list_images
from spotter.io.results.label_studio import to_label_studio

LIKELY = 0.5  # words below it are left for people to draw


def main(photos: str, out: str) -> None:
    spotter = SceneTextSpotter(min_score=LIKELY)
    images = list_images(photos)  # name below the folder to path
    results = []
    for name, result in zip(images, spotter.spot_iter(images.values()), strict=True):
        if result.error is not None:
            print(result.error, file=sys.stderr)
            continue
        result.image = name
        results.append(result)
    tasks = to_label_studio(results)
    # Those of which the spotter is least certain come first.
    tasks.sort(key=lambda task: task["predictions"][0]["score"])
    Path(out).write_text(json.dumps(tasks, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{out}: {len(tasks)} tasks")


if __name__ == "__main__":
    main(*sys.argv[1:])
