"""Train a reader of your own alphabet from words and fonts alone, without a single label.

python examples/own_alphabet.py words.txt fonts/ own/ 20000

words.txt: one word a line, of your language. fonts/: fonts that have all of its letters. own/ gets
recognizer.onnx. The last number is that of training iterations. It needs the extra "train" and a
checkout. Labelled photos make it better: docs/tutorials/own_alphabet.md.
"""

import subprocess
import sys
from pathlib import Path

from spotter import SceneTextSpotter

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
DRAWN = 100_000
HELD_BACK = 500

CONFIG = """
_base_ = ["{configs}/own_data/recognizer_own_alphabet.py"]
words = dict(type="TextRecDataset", unspellable="leave_out")
model = dict(charset="{own}/alphabet.txt")
train_dataloader = dict(dataset=dict(datasets=[dict(
    **words, name="drawn", reader=dict(type="LMDBReader", lmdb_path="{own}/drawn"),
    pipeline={{{{_base_.drawn_pipeline}}}})], ratios=[1.0]))
val_dataloader = dict(dataset=dict(
    reader=dict(_delete_=True, type="LMDBReader", lmdb_path="{own}/held_back")))
val_evaluator = dict(charset="{own}/alphabet.txt")
"""


def spotter(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "spotter", *map(str, arguments)], check=True)


def main(words: str, fonts: str, out: str, iterations: str, *overrides: str) -> None:
    own = Path(out).resolve()
    own.mkdir(parents=True, exist_ok=True)
    letters = set(Path(words).read_text(encoding="utf-8")) - set(" \t\r\n")
    letters |= set("0123456789.,:;!?'\"()-/&€%")
    alphabet = own / "alphabet.txt"
    alphabet.write_text("".join(sorted(letters)), encoding="utf-8")

    # The seed makes the words that are judged by others than those that are trained on.
    for name, count, seed in (("drawn", DRAWN, 0), ("held_back", HELD_BACK, 1)):
        drawing = ("--charset", alphabet, "--words", words, "--fonts", fonts, "--seed", seed)
        spotter("synthesize", "words", "--out", own / name, "--count", count, *drawing)

    config = own / "recognizer.py"
    config.write_text(CONFIG.format(configs=CONFIGS, own=own), encoding="utf-8")
    settings = (f"train_cfg.max_iters={iterations}", *overrides)
    spotter("train", config, "--work-dir", own / "training", "--cfg-options", *settings)
    spotter("export", own / "training/best.safetensors", "--out", own / "recognizer.onnx")

    reader = SceneTextSpotter(recognizer=own / "recognizer.onnx", language="none")
    print(f"{reader} knows {len(letters)} characters")
    print(f"spotter spot photo.jpg --recognizer {out}/recognizer.onnx --language none")


if __name__ == "__main__":
    main(*sys.argv[1:])
