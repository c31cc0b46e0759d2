"""Make a PDF of scanned pages searchable, and print the pages on which a word occurs.

python examples/searchable_pdf.py scan.pdf searchable.pdf invoice
"""

import sys
from pathlib import Path

from spotter import SceneTextSpotter
from spotter.io import read_pages
from spotter.io.results.pdf import pages_to_pdf


def main(scan: str, out: str, wanted: str) -> None:
    spotter = SceneTextSpotter()

    def pages():  # one page is in memory at a time
        for page in read_pages(scan):
            if page.image is None:
                print(page.error, file=sys.stderr)
                continue
            result = spotter.spot(page.image)
            if wanted.casefold() in result.text.casefold():
                print(f"{wanted!r} is on page {page.number or 1}")
            yield result, page.image

    Path(out).write_bytes(pages_to_pdf(pages()))


if __name__ == "__main__":
    main(*sys.argv[1:])
