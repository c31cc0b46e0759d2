"""Networks: detection, recognition, language."""
