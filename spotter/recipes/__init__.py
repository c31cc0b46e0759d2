"""Training recipes: each wraps a recognizer from config and owns its loss."""
