"""The part of the protobuf wire format that is needed to walk through an ONNX file."""

from __future__ import annotations

from collections.abc import Iterator


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Fields of a message: number, and a whole number or the bytes of anything longer.

    Numbers of fixed size (floating point) are passed over.

    Raises:
        ValueError: The message is damaged or cut short.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = divmod(key, 8)
        if number == 0:
            raise ValueError("damaged field")
        if kind == 0:
            value, at = _varint(message, at)
            yield number, value
        elif kind == 2:
            length, at = _varint(message, at)
            if at + length > end:
                raise ValueError("cut short")
            yield number, message[at : at + length]
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"field of kind {kind}")
    if at > end:
        raise ValueError("cut short")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number of up to 64 bits, 7 of them in each byte, and where the next byte is."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("cut short")
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("damaged number")
