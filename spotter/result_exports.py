"""What a result can be turned into: methods of ``SpottingResult``, each of which calls its module.

Nothing but numpy is imported before a method is called.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from spotter.io.images import ImageSource
    from spotter.structures import SpottingResult


class ResultExports:
    """Formats and pictures of one result. For many photos see :mod:`spotter.io.results`.

    Results keep no pixels. Where a picture is needed, ``image`` is the photo, as a path, an array
    (BGR), a PIL image, or anything else that :func:`spotter.io.read_image` takes; without it the
    file that the result names is read again. Either fails with an ``ImageError``.
    """

    def draw(self, image: ImageSource | None = None) -> np.ndarray:
        """The photo with its words outlined and labelled: (H, W, 3) uint8 BGR."""
        from spotter.io.results.pictures import draw

        return draw(self._result(), image)

    def show(self, image: ImageSource | None = None) -> None:
        """Show the outlined photo in the notebook, or in the system's picture viewer."""
        from spotter.io.results.pictures import show

        show(self._result(), image)

    def crops(self, image: ImageSource | None = None) -> list[np.ndarray]:
        """The words cut out, each (h, w, 3) uint8 BGR, upright and straight, in reading order."""
        from spotter.io.results.pictures import word_crops

        return word_crops(self._result(), image)

    def to_json(self, indent: int | None = None) -> str:
        """``to_dict()`` as JSON text.

        Args:
            indent: Spaces for each level; ``None``: one line.
        """
        return json.dumps(self._result().to_dict(), ensure_ascii=False, indent=indent)

    def to_dataframe(self) -> Any:
        """A ``pandas.DataFrame``, a row for each word; ``ConfigError`` without pandas."""
        from spotter.io.results.tables import to_dataframe

        return to_dataframe([self._result()])

    def to_hocr(self) -> str:
        """An hOCR document, see :func:`spotter.io.results.hocr.to_hocr`."""
        from spotter.io.results.hocr import to_hocr

        return to_hocr([self._result()])

    def to_alto(self) -> str:
        """An ALTO 4 document, see :func:`spotter.io.results.alto.to_alto`."""
        from spotter.io.results.alto import to_alto

        return to_alto([self._result()])

    def to_coco(self) -> dict[str, Any]:
        """COCO instances with texts, see :func:`spotter.io.results.coco.to_coco`."""
        from spotter.io.results.coco import to_coco

        return to_coco([self._result()])

    def to_label_studio(self, **options: Any) -> list[dict[str, Any]]:
        """A task to import, see :func:`spotter.io.results.label_studio.to_label_studio`."""
        from spotter.io.results.label_studio import to_label_studio

        return to_label_studio([self._result()], **options)

    def to_paddle(self) -> str:
        """A line of ``Label.txt``, see :func:`spotter.io.results.paddle.to_paddle`."""
        from spotter.io.results.paddle import to_paddle

        return to_paddle([self._result()])

    def to_icdar(self) -> str:
        """The lines of ``gt_NAME.txt``, see :func:`spotter.io.results.icdar.to_icdar`."""
        from spotter.io.results.icdar import to_icdar

        return to_icdar(self._result())

    def to_pdf(self, image: ImageSource | None = None, pixels_per_inch: float = 200.0) -> bytes:
        """A searchable PDF (extra ``pdf``), see :func:`spotter.io.results.pdf.to_pdf`."""
        from spotter.io.results.pdf import to_pdf

        return to_pdf([self._result()], [image], pixels_per_inch)

    def to_supervision(self) -> Any:
        """``supervision.Detections``, see :func:`spotter.io.results.detections.to_supervision`."""
        from spotter.io.results.detections import to_supervision

        return to_supervision(self._result())

    def _repr_png_(self) -> bytes | None:
        from spotter.io.results.pictures import png

        return png(self._result())

    def _repr_html_(self) -> str:
        from spotter.io.results.pictures import to_html

        return to_html(self._result())

    def _result(self) -> SpottingResult:
        return cast("SpottingResult", self)
