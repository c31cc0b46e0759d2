"""Running networks: what their files say, and the libraries that run them kept quiet."""
