# The shipped recognizer's network and inputs (configs/_base_/models/recognizer_deep_ctc.py), which
# goes on from the shipped weights.
_base_ = ["mixture.py", "../../../configs/_base_/models/recognizer_deep_ctc.py"]
task = "recognition"
name = "deep_ctc"
init_from = "spotter/hub/weights/deep_ctc.safetensors"
preprocessing = dict(mean=127.5, std=127.5, **_base_.crop_size)
postprocessing = dict()
batch_size = 1024
slots = 12
optimizer = dict(lr=2e-3, weight_decay=0.03)
lr_factors = {}
warm_up = 0.04  # share of the time
ema = 0.999
clip = 5.0
photometric = dict(color=0.5, grey=0.1, invert=0.1, blur=0.15, resample=0.12, noise=0.15, jpeg=0.12)
