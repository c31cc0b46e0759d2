# As recognizer.py, with the characters of data_root/alphabet.txt. Weights of the characters that
# the shipped recognizer knows are kept; the others start from random values. See
# docs/tutorials/own_alphabet.md.
_base_ = ["recognizer.py"]
alphabet = "{{$SPOTTER_DATA:data}}/alphabet.txt"
model = dict(charset=alphabet)
val_evaluator = dict(charset=alphabet)
# New characters take longer than new photos.
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_iters=20000, val_interval=1000)
