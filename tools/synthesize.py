"""Draw synthetic text: ``tools/synthesize.py words|scenes|pages|page_words|demo --out PATH``.

``words`` writes an LMDB, ``scenes`` folders in the layout of ICDAR2015, ``pages`` documents,
screens, labels and posters in the layout of CTW1500, ``page_words`` an LMDB of words cut out of
such pages, ``demo`` three photos to try the spotter on. An interrupted run goes on where it
stopped. Without ``--fonts``, ``--words`` and ``--backgrounds``: the system's fonts, a short word
list and painted surfaces.
"""

import sys

from spotter.synthesis.command import main

if __name__ == "__main__":
    sys.exit(main())
