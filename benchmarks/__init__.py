"""Runs models over the sets that the field publishes figures on, and makes one table of them."""
