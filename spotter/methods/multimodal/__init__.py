"""Vision and language trained together (SemiMTR)."""
