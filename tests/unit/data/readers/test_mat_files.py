"""MATLAB files: what a reader asks for, or one clear error."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from spotter.data.readers.mat_files import load_mat, mat_text
from spotter.errors import AnnotationError, ConfigError


def test_variables_and_strings(tmp_path: Path) -> None:
    words = np.empty(2, object)
    words[:] = ["caf\u00e9", np.array(["two", "lines "])]
    savemat(tmp_path / "a.mat", {"words": words, "empty": "", "other": 1})
    found = load_mat(tmp_path / "a.mat", ["words", "empty", "absent"])
    assert sorted(found) == ["empty", "words"]
    assert [mat_text(cell) for cell in found["words"].ravel()] == ["caf\u00e9", "two   \nlines "]
    assert mat_text(found["empty"]) == ""


def test_faults(tmp_path: Path) -> None:
    file = tmp_path / "a.mat"
    with pytest.raises(AnnotationError, match=r"a\.mat: cannot be read \(No such file"):
        load_mat(file, ["gt"])
    savemat(file, {"gt": np.arange(4000.0)}, do_compression=True)
    with pytest.raises(AnnotationError, match=r"a\.mat: has no variable words or boxes"):
        load_mat(file, ["words", "boxes"])
    data = file.read_bytes()
    for content in (b"", b"x: [[1 2]]", data[: len(data) // 2]):
        file.write_bytes(content)
        with pytest.raises(AnnotationError, match=r"a\.mat: not a MATLAB file, or damaged") as e:
            load_mat(file, ["gt"])
        assert "\n" not in str(e.value)
    # The header of an HDF5 file as MATLAB 7.3 writes it.
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    file.write_bytes(header + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(AnnotationError, match=r"7\.3 is not read; save it in version 7"):
        load_mat(file, ["gt"])


def test_without_scipy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    savemat(tmp_path / "a.mat", {"gt": 1})
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(ConfigError, match=r'pip install "scene-text-spotter\[mat\]"'):
        load_mat(tmp_path / "a.mat", ["gt"])
