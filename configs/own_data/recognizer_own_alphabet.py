# As recognizer.py, for another alphabet: a file of characters by --cfg-options
# model.charset=FILE val_evaluator.charset=FILE. Weights of the characters that the shipped
# recognizer knows are kept; the others start from random values.
# See docs/tutorials/own_alphabet.md.
_base_ = ["recognizer.py"]
val_evaluator = dict(charset="latin")
# New characters take longer than new photos.
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_iters=20000, val_interval=1000)
