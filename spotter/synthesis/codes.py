"""Written forms of codes, plates, addresses and source code, each as one word.

Every function takes the source of all randomness; see :mod:`spotter.synthesis.formats`.
"""

from __future__ import annotations

import string

import numpy as np

from spotter.synthesis.formats import capitals, digits, pick

_HEX = "0123456789ABCDEF"

_OPERATORS = (
    *("=", "==", "!=", "+=", "->", "=>", "<=", ">=", "&&", "||", "{", "}", "};", "});", "()", "[]"),
    *(
        "//",
        "/*",
        "*/",
        "**",
        "++",
        "::",
        "<<",
        ":=",
        "...",
        "<",
        ">",
        "+",
        "-",
        "*",
        "%",
        "|",
        "?",
    ),
)


def mac(rng: np.random.Generator) -> str:
    """A hardware address: ``00:1A:2B:3C:4D:5E``."""
    pairs = [f"{_HEX[int(a * 16)]}{_HEX[int(b * 16)]}" for a, b in rng.random((6, 2))]
    text = pick(rng, ":::-").join(pairs)
    return text.lower() if rng.random() < 0.25 else text


def serial(rng: np.random.Generator) -> str:
    """A serial, lot or part number, with the letters that look like digits among it."""
    pool = string.ascii_uppercase + string.digits * 3 + "O0I1S5Z2B8"
    shape = rng.random()
    if shape < 0.3:
        return "".join(pool[int(v * len(pool))] for v in rng.random(6 + int(rng.random() * 9)))
    if shape < 0.5:
        groups = 2 + int(rng.random() * 3)
        size = pick(rng, (3, 4, 4, 5))
        return "-".join(
            "".join(pool[int(v * len(pool))] for v in rng.random(size)) for _ in range(groups)
        )
    if shape < 0.68:
        return capitals(rng, pick(rng, (1, 1, 2, 3))) + digits(rng, pick(rng, (3, 4, 5, 6, 8)))
    if shape < 0.78:
        head, tail = capitals(rng, pick(rng, (1, 2, 3))), digits(rng, pick(rng, (2, 3, 4)))
        return f"{head}-{tail}" + ("" if rng.random() < 0.5 else capitals(rng, 1))
    if shape < 0.9:
        return digits(rng, pick(rng, (8, 9, 12, 13, 15)))
    return (
        f"{digits(rng, pick(rng, (2, 3, 5)))}{pick(rng, '-./')}{digits(rng, pick(rng, (2, 3, 4)))}"
    )


def plate_line(rng: np.random.Generator) -> list[str]:
    """A number plate, container, bank or card number as the words that it is written in."""
    shape = rng.random()
    if shape < 0.2:
        return [f"{capitals(rng, 2)}{digits(rng, 2)}", capitals(rng, 3)]
    if shape < 0.35:
        return [capitals(rng, pick(rng, (1, 2, 3))), f"{capitals(rng, 2)}{digits(rng, 3)}"]
    if shape < 0.45:
        return [f"{capitals(rng, 2)}-{digits(rng, 3)}-{capitals(rng, 2)}"]
    if shape < 0.55:
        return [capitals(rng, 3), digits(rng, 4)]
    if shape < 0.75:
        return [f"{capitals(rng, 3)}U", digits(rng, 6), digits(rng, 1)]
    if shape < 0.9:
        iban = capitals(rng, 2) + digits(rng, 2)
        return [iban, *(digits(rng, 4) for _ in range(4)), digits(rng, 2)]
    return [digits(rng, 4) for _ in range(4)]


def code(rng: np.random.Generator) -> str:
    """One word of a serial number, a plate, a bank account or a hardware address."""
    shape = rng.random()
    return serial(rng) if shape < 0.6 else pick(rng, plate_line(rng)) if shape < 0.9 else mac(rng)


def operator(rng: np.random.Generator) -> str:
    """An operator or bracket of a programming language."""
    return pick(rng, _OPERATORS)


def code_token(rng: np.random.Generator, first: str, second: str) -> str:
    """A token of source code built of two names."""
    first, second = first.lower(), second.lower()
    number = digits(rng, pick(rng, (1, 1, 2)))
    forms = (
        f"{first}.{second}",
        f"{first}_{second}",
        f"{first}({second})",
        f"{first}()",
        f"{first}({second},",
        f"{first}[{number}]",
        f'"{first}":',
        f"'{first}',",
        f'"{first}"',
        f"{first}={number}",
        f"{first}=",
        f"--{first}",
        f"<{first}>",
        f"</{first}>",
        f"${first}",
        f"{first}{second.capitalize()}(",
        f"@{first}",
        f"{first};",
        f"{first}):",
        f"/{first}/{second}",
        f"{first}.py",
        f"{number};",
        f"{number},",
        f"0x{_HEX[int(rng.random() * 16)]}{digits(rng, 1)}{_HEX[int(rng.random() * 16)]}",
        f"{first}::{second}",
        f"#{first}",
        f"~/{first}",
        f"{first}->{second}",
        f"{first}^{number}",
    )
    return pick(rng, forms) if rng.random() < 0.75 else operator(rng)


def address(rng: np.random.Generator, name: str, host: str) -> str:
    """An e-mail or web address, a handle or a hashtag built of two names."""
    name, host = name.lower(), host.lower()
    domain = pick(
        rng,
        (".com", ".com", ".com", ".net", ".org", ".co.uk", ".com.sg", ".edu", ".io", ".de", ".fr"),
    )
    shape = rng.random()
    if shape < 0.24:
        text = f"www.{host}{domain}"
    elif shape < 0.36:
        text = f"{host}{domain}"
    elif shape < 0.62:
        text = f"{name}@{host}{domain}"
    elif shape < 0.7:
        text = f"{pick(rng, ('http://', 'https://', 'https://www.'))}{host}{domain}"
    elif shape < 0.78:
        text = f"{host}{domain}/{name}" + pick(rng, ("", "", "/", f"?id={digits(rng, 2)}"))
    elif shape < 0.89:
        text = "@" + name + pick(rng, ("", "", digits(rng, 2), "_" + host))
    else:
        text = "#" + name.capitalize()
    return text.upper() if rng.random() < 0.1 else text
