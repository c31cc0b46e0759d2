"""``python -m spotter``: the command ``spotter``, such as for ``torchrun -m spotter train``."""

from spotter.cli.main import main

if __name__ == "__main__":
    main()
