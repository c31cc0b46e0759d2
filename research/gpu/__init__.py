"""Training on one accelerator for some minutes; see README.md."""
