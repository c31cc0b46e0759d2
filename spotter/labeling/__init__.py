"""Labels for what has none: crop mining, pseudo-labels, agreement of two readers."""
