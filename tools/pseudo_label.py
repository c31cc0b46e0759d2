"""Label the unlabelled crops of a config: ``tools/pseudo_label.py CONFIG --recognizer WEIGHTS``.

Every PseudoLabelReader in the config's training data names a file of labels; this writes it. With
tools/train.py in between, that makes rounds of self-training (see configs/recipes/noisy_student_*).
"""

from __future__ import annotations

import argparse

from spotter.cli.errors import run_tool
from spotter.labeling.pseudo_labels import label_samples, pseudo_label_sources
from spotter.pipeline.word_recognizer import WordRecognizer
from spotter.runtime.runtimes import RUNTIMES


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("config", help="experiment config of the round to train")
    parser.add_argument("--recognizer", required=True, help="teacher: file or zoo name")
    parser.add_argument("--data-root", help="folder of the data sets; default: SPOTTER_DATA")
    parser.add_argument("--runtime", choices=RUNTIMES, default="torch")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, help="default: all cores of this process")
    parser.add_argument("--batch-size", type=int, default=64)
    arguments = parser.parse_args()
    from spotter.registry import READERS
    from spotter.training.launch import load_config

    options = {"data_root": arguments.data_root} if arguments.data_root else None
    sources = pseudo_label_sources(load_config(arguments.config, options).train_dataloader)
    recognizer = WordRecognizer(
        recognizer=arguments.recognizer,
        runtime=arguments.runtime,
        device=arguments.device,
        threads=arguments.threads,
        batch_size=arguments.batch_size,
        turn=False,
    )
    for labels, reader in sources.items():
        samples = READERS.build(reader)
        count, failed = label_samples(recognizer, samples, labels)
        print(f"{labels}: {count} new of {len(samples)} crops, {failed} could not be read")


if __name__ == "__main__":
    run_tool(main)
