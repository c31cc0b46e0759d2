"""Reading MATLAB files: named variables, cells and strings, with errors of one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.errors import AnnotationError, ConfigError
from spotter.io.names import one_line


def load_mat(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Those of the named variables that a MATLAB file up to version 7 has, as scipy gives them.

    Cell arrays are object arrays and structs structured arrays, both of two or more dimensions; a
    character matrix is an array of its rows, padded with spaces. Other variables are not read.

    Raises:
        ConfigError: scipy is not installed.
        AnnotationError: The file is missing, damaged, of another version, or has none of them.
    """
    try:
        from scipy.io import loadmat
    except ImportError:
        raise ConfigError(
            f'{path}: MATLAB files need scipy: pip install "scene-text-spotter[mat]"'
        ) from None
    try:
        content = loadmat(str(path), appendmat=False, variable_names=list(names))
    except FileNotFoundError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None
    except NotImplementedError:
        hint = "save it in version 7: save(name, '-v7')"
        raise AnnotationError(f"{path}: a MATLAB file of version 7.3 is not read; {hint}") from None
    except Exception as error:
        # The parser does not check its input, so a damaged file can raise anything.
        reason = one_line(error, 120)
        raise AnnotationError(f"{path}: not a MATLAB file, or damaged ({reason})") from None
    found = {name: np.asarray(content[name]) for name in names if name in content}
    if not found:
        raise AnnotationError(f"{path}: has no variable {' or '.join(names)}")
    return found


def mat_text(value: Any) -> str:
    """A string from the array, nested as deep as may be, in which a cell or field holds it.

    Strings of several rows come as lines; an empty array is ``""``.
    """
    if isinstance(value, np.ndarray):
        return "\n".join(mat_text(item) for item in value.ravel())
    return str(value)
