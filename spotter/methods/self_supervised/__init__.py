"""Self-supervised learning, one file per method."""
