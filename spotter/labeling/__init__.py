"""Labels made by readers: constrained by what is known, and by agreement of two readers."""
