"""Studies: small, repeatable comparisons of recipes on real crops, each row a few trainings."""
