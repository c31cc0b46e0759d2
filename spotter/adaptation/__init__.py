"""Adapting the shipped recognizer to your own photos, without labels."""
