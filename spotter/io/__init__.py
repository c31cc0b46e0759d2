"""Images and documents in, results out."""
