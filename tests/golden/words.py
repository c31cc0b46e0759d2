"""What the shipped presets read on the demo photos.

``python -m tests.golden.words`` writes it anew, after weights or presets were exchanged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spotter import SceneTextSpotter
from spotter.hub.presets import read_presets
from spotter.hub.resolution import WEIGHTS_FOLDER
from spotter.structures import SpottingResult

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = sorted((ROOT / "demo" / "photos").glob("*.jpg"))
GOLDEN = Path(__file__).with_name("words.json")
PRESETS = list(read_presets(WEIGHTS_FOLDER / "presets.json"))


def words_of(result: SpottingResult) -> list[dict[str, Any]]:
    """Text, box (left, top, right, bottom in pixels) and score of each word, in reading order."""
    assert result.error is None, result.error
    return [
        {
            "text": word.text,
            "box": [round(float(side), 1) for side in (*word.polygon.min(0), *word.polygon.max(0))],
            "score": round(word.score, 3),
        }
        for word in result.instances
    ]


def read_photos(preset: str, runtime: str) -> dict[str, list[dict[str, Any]]]:
    """The words of every demo photo, by its name."""
    spotter = SceneTextSpotter(preset, runtime=runtime, threads=1)
    results = spotter.spot([str(photo) for photo in PHOTOS])
    return {p.name: words_of(result) for p, result in zip(PHOTOS, results, strict=True)}


def load() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The words of the file, by preset and photo."""
    content: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(GOLDEN.read_text("utf-8"))
    return content


def as_text(presets: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    """The content of the file: JSON with a line for each word, so that changes can be reviewed."""
    blocks = []
    for preset, photos in presets.items():
        entries = []
        for photo, words in photos.items():
            lines = ",\n   ".join(json.dumps(word, ensure_ascii=False) for word in words)
            entries.append(f"  {json.dumps(photo)}: [\n   {lines}\n  ]")
        blocks.append(f" {json.dumps(preset)}: {{\n" + ",\n".join(entries) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    words = {name: read_photos(name, "onnx") for name in PRESETS}
    GOLDEN.write_text(as_text(words), "utf-8")
    print(f"wrote {GOLDEN.relative_to(ROOT)}")
