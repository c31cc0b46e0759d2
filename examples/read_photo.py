"""Read a photo: its words, its text, a picture and a JSON file beside it.

python examples/read_photo.py demo/photos/shop_front.jpg
"""

import sys
from pathlib import Path

import cv2

from spotter import SceneTextSpotter


def main(photo: str) -> None:
    spotter = SceneTextSpotter()
    result = spotter.spot(photo)

    for word in result:
        left, top = word.polygon.min(axis=0)
        print(f"{word.score:.2f}  {word.text}  at ({left:.0f}, {top:.0f})")
    print()
    print(result.text)  # lines and paragraphs, in reading order

    stem = Path(photo).with_suffix("")
    stem.with_suffix(".json").write_text(result.to_json(indent=1), encoding="utf-8")
    cv2.imwrite(str(stem.with_suffix(".words.jpg")), result.draw())


if __name__ == "__main__":
    main(*sys.argv[1:])
