"""Street View Text Perspective (Phan et al., ICCV 2013): 645 word crops seen from the side."""

from __future__ import annotations

import re
from typing import Any

from spotter.data.readers.lines import LineReader
from spotter.errors import AnnotationError
from spotter.registry import READERS

_NAME = re.compile(r'(?:"([^"]+)"|([^\s,"]+))(?:\s*,\s*|\s+)(\S.*)')


@READERS.register_module()
class SVTPReader(LineReader):
    """Lines of a name and a word, in the forms in which the set is passed around.

    ``13_15_0_par.jpg WYNDHAM``, ``13_15_0_par.jpg, "WYNDHAM"``, ``"13_15_0_par.jpg" "WYNDHAM"`` and
    the same with a tab; quotes around the word are no part of it.

    Arguments are those of :class:`LineReader`.

    Raises:
        AnnotationError: The list is missing; a line is malformed (named by file and line).
    """

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        match = _NAME.fullmatch(line.strip())
        if match is None:
            expected = f"expected a name and a word, found {line[:60]!r}"
            raise AnnotationError(f"{self.file}:{number}: {expected}")
        quoted, plain, word = match.groups()
        if len(word) > 1 and word[0] == word[-1] == '"':
            word = word[1:-1].strip()
        return {"img_path": str(self.image_root / (quoted or plain)), "text": word or None}
