"""Every kind of file that a user may hand in becomes upright uint8 BGR, or one line of error."""

import io

import numpy as np
import pytest
from PIL import Image

from spotter.errors import ConfigError, ImageError
from spotter.io.images import image_size, read_image
from spotter.runtime.input_size import detector_input_size, resize_image


def encode(image, form="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def noise(height=20, width=30):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_paths_bytes_pil_and_arrays_agree(tmp_path):
    rgb = noise()
    picture = Image.fromarray(rgb)
    path = tmp_path / "photo.png"
    picture.save(path)
    bgr = rgb[..., ::-1]
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), picture):
        image = read_image(source)
        np.testing.assert_array_equal(image, bgr)
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous
    np.testing.assert_array_equal(read_image(bgr), bgr)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation):
    """The stored pixels are what each orientation makes of the upright picture."""
    upright = noise()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(Image.fromarray(np.ascontiguousarray(stored)), exif=exif.tobytes())
    np.testing.assert_array_equal(read_image(data), upright[..., ::-1])
    assert image_size(data) == (30, 20)


def test_grey_alpha_and_palette():
    grey = np.array([[0, 100, 255]], np.uint8)
    expected = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_array_equal(read_image(encode(Image.fromarray(grey))), expected)
    np.testing.assert_array_equal(read_image(grey), expected)
    np.testing.assert_array_equal(read_image(grey > 50), 255 * (expected > 50))

    # 20 % of red over white: red stays 255, the others are 0.8 * 255 = 204.
    rgba = np.array([[[255, 0, 0, 51], [0, 0, 0, 0], [10, 20, 30, 255]]], np.uint8)
    over_white = [[[204, 204, 255], [255, 255, 255], [30, 20, 10]]]
    np.testing.assert_array_equal(read_image(encode(Image.fromarray(rgba))), over_white)
    np.testing.assert_array_equal(read_image(rgba[..., [2, 1, 0, 3]]), over_white)

    palette = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    palette.putpalette([10, 20, 30, 40, 50, 60])
    np.testing.assert_array_equal(read_image(encode(palette)), [[[30, 20, 10], [60, 50, 40]]])
    transparent = encode(palette, transparency=0)
    np.testing.assert_array_equal(read_image(transparent), [[[255] * 3, [60, 50, 40]]])


def test_sixteen_bits_and_cmyk():
    wide = np.array([[0, 257 * 100, 65535]], np.uint16)
    expected = np.repeat(np.array([[[0], [100], [255]]]), 3, axis=2)
    np.testing.assert_array_equal(read_image(encode(Image.fromarray(wide))), expected)
    np.testing.assert_array_equal(read_image(wide), expected)

    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixel = read_image(encode(cmyk, "JPEG", quality=100))[8, 8]
    np.testing.assert_allclose(pixel, (0, 0, 255), atol=6)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_truncated_files_are_one_line(form, tmp_path):
    data = encode(Image.fromarray(noise(64, 64)), form)
    path = tmp_path / "cut.bin"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match=r"cut\.bin") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_image(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.jpg").write_bytes(b"")
    for source, says in (
        (tmp_path / "notes.txt", "not an image"),
        (tmp_path / "empty.jpg", "not an image"),
        (tmp_path / "absent.jpg", "no such file"),
        (tmp_path, "folder"),
        (b"junk", "not an image"),
        (None, "NoneType"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
        (np.zeros((4, 4, 3), np.float32), "float32"),
    ):
        with pytest.raises(ImageError, match=says) as caught:
            read_image(source)
        assert "\n" not in str(caught.value)


def test_detector_input_size():
    assert detector_input_size(1280, 720, 1280) == (1280, 704)  # 720 / 32 = 22.5, to even
    assert detector_input_size(4000, 3000, 960) == (960, 704)  # 720 again
    assert detector_input_size(100, 20, 960) == (96, 32)
    assert detector_input_size(1280, 720, 736, "min") == (1312, 736)
    assert detector_input_size(2000, 1000, 736, "min") == (1984, 992)
    with pytest.raises(ConfigError, match="limit_type"):
        detector_input_size(10, 10, 10, "long")


def test_resize_averages_when_shrinking():
    image = np.zeros((4, 4, 3), np.uint8)
    image[:, ::2] = 200
    np.testing.assert_array_equal(resize_image(image, 2, 2), np.full((2, 2, 3), 100))
    assert resize_image(image, 4, 4) is image


def test_scale_enlarges_up_to_the_bound() -> None:
    assert detector_input_size(640, 480, 1664, scale=1.5) == (960, 704)
