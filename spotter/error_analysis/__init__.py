"""What goes wrong, word by word: the page of ``tools/analyze_errors.py``."""
