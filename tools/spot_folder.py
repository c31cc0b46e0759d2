"""Spot all photos of a folder: ``tools/spot_folder.py DIR --out results.jsonl``.

One line per photo, or per page of a PDF, TIFF or moving picture; a later run skips the files that
have one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotter.bulk.files import process_in_bulk
from spotter.cli.arguments import add_spotter_arguments, find_images, spotter_from
from spotter.cli.errors import run_tool
from spotter.io.names import printable_path


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="folder of photos, searched recursively")
    parser.add_argument("--out", required=True, help="file of JSON lines to write or go on with")
    parser.add_argument("--chunk", type=int, default=16, help="photos whose crops are pooled")
    add_spotter_arguments(parser)
    arguments = parser.parse_args()
    images = find_images(arguments.folder, documents=True)
    spotter = spotter_from(arguments)

    def answer(names: Sequence[str], paths: Sequence[Path]) -> list[dict[str, Any]]:
        # A document gives several results, each of which bears the name of its file.
        shown = {printable_path(path): name for name, path in zip(names, paths, strict=True)}
        results = spotter.spot(list(paths))
        return [replace(result, image=shown[result.image]).to_dict() for result in results]

    count, failed = process_in_bulk(images, answer, arguments.out, "spotting", arguments.chunk)
    print(f"{arguments.out}: {count} new of {len(images)} photos, {failed} could not be read")


if __name__ == "__main__":
    run_tool(main)
