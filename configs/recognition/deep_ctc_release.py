# The released recognizer: compact_ctc with more blocks, which start as the identity, and a decoder
# that trains along and judges what CTC finds likely.
_base_ = ["./compact_ctc_release.py"]
model = dict(
    feature_extraction=dict(depths=(2, 4, 4, 5), zero_init_residual=True),
    rescorer=dict(type="TransformerPrediction", weight=0.5),
)
release = dict(name="deep_ctc", init_from="compact_ctc")
