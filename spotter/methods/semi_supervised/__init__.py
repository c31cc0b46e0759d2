"""Semi-supervised learning, one file per method."""
