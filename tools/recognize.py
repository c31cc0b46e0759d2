"""Read word crops: ``tools/recognize.py DIR_or_LIST --out results.jsonl``.

One line ``{"image", "text", "score", "error"}`` per crop; a later run skips those that have one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spotter.bulk.files import process_in_bulk
from spotter.cli.arguments import (
    add_runtime_arguments,
    find_images,
    listed_images,
    runtime_options,
)
from spotter.cli.errors import run_tool
from spotter.pipeline import WordRecognizer


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", help="folder of crops (recursive), or a list, one path per line")
    parser.add_argument("--out", required=True, help="file of JSON lines to write or go on with")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument(
        "--no-turn", action="store_true", help="read tall crops as they are, never turned"
    )
    add_runtime_arguments(parser)
    arguments = parser.parse_args()
    source = Path(arguments.source)
    images = find_images(source) if source.is_dir() else listed_images(source)
    recognizer = WordRecognizer(
        **runtime_options(arguments),
        batch_size=arguments.batch_size,
        turn=not arguments.no_turn,
    )

    def answer(names: Sequence[str], paths: Sequence[Path]) -> list[dict[str, Any]]:
        readings, errors = recognizer.read(paths)
        return [
            {
                "image": name,
                "text": None if reading is None else reading.text,
                "score": 0.0 if reading is None else round(reading.score, 4),
                "error": error,
            }
            for name, reading, error in zip(names, readings, errors, strict=True)
        ]

    count, failed = process_in_bulk(
        images, answer, arguments.out, "reading", 8 * arguments.batch_size
    )
    print(f"{arguments.out}: {count} new of {len(images)} crops, {failed} could not be read")


if __name__ == "__main__":
    run_tool(main)
