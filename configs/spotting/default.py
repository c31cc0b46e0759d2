# The shipped pair as it is.
model = "default"
