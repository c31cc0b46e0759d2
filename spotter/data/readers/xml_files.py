"""XML annotation whose elements know the line that they stand on."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from xml.parsers import expat

from spotter.data.readers.base import read_bytes
from spotter.errors import AnnotationError


class XMLContent:
    """The tree of a file.

    Attributes:
        path: The file.
        root: Its outermost element.
    """

    def __init__(
        self, path: Path, root: ElementTree.Element, lines: dict[ElementTree.Element, int]
    ) -> None:
        self.path = path
        self.root = root
        self._lines = lines

    def where(self, element: ElementTree.Element) -> str:
        """``file:line`` of an element's start, for error messages."""
        return f"{self.path}:{self._lines[element]}"


def parse_xml(path: Path) -> XMLContent:
    """Read an XML file, in the encoding that it declares.

    Raises:
        AnnotationError: The file cannot be read or is not well-formed (named by file and line).
    """
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    lines: dict[ElementTree.Element, int] = {}

    # ElementTree's own parser keeps the line numbers to itself.
    def start(tag: str, attributes: dict[str, str]) -> None:
        lines[builder.start(tag, attributes)] = parser.CurrentLineNumber

    parser.StartElementHandler = start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    data = read_bytes(path)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        hint = "; is it saved in the encoding that it declares?" if "token" in reason else ""
        raise AnnotationError(f"{path}:{error.lineno}: not XML ({reason}{hint})") from None
    except (ValueError, LookupError) as error:
        # Encodings of several bytes per character, UTF-8 and UTF-16 apart.
        raise AnnotationError(f"{path}: not read ({error}); save it as UTF-8") from None
    return XMLContent(path, builder.close(), lines)
