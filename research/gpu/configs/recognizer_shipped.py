# The shipped recognizer's size, which goes on from the shipped weights with the larger charset.
_base_ = ["mixture.py"]
task = "recognition"
name = "deep_ctc"
init_from = "spotter/hub/weights/deep_ctc.safetensors"
model = dict(
    type="FourStageRecognizer",
    data_preprocessor=dict(type="RecDataPreprocessor", mean=127.5, std=127.5),
    transformation=dict(type="NoTransformation"),
    feature_extraction=dict(type="CompactMixer", depths=(2, 4, 4, 5)),
    sequence_modeling=dict(type="NoSequence"),
    prediction=dict(type="CTCPrediction"),
    rescorer=dict(type="TransformerPrediction", weight=0.5),
    charset="latin",
    max_length=25,
)
widths = [96, 128, 192, 256]
preprocessing = dict(mean=127.5, std=127.5, height=32, mode="buckets", widths=widths)
postprocessing = dict()
batch_size = 1024
slots = 12
optimizer = dict(lr=2e-3, weight_decay=0.03)
lr_factors = {}
warm_up = 0.04  # share of the time
ema = 0.999
clip = 5.0
photometric = dict(color=0.5, grey=0.1, invert=0.1, blur=0.15, resample=0.12, noise=0.15, jpeg=0.12)
