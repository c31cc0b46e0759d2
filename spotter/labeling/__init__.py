"""Labels made by recognizers: pseudo-labels, agreement of two readers, and completed labels."""
