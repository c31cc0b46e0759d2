# The network of the shipped recognizer and the inputs that it sees: CompactMixer with more blocks,
# which start as the identity, CTC, and a decoder that rescores what CTC finds likely.
_base_ = ["recognizer_ctc_compact.py"]
model = dict(
    charset="latin_spaces",
    max_length=32,
    feature_extraction=dict(depths=(2, 4, 4, 5), zero_init_residual=True),
    rescorer=dict(type="TransformerPrediction", weight=0.5),
)
# A crop takes the narrowest of these widths that is at least 1.2 times its own, so that letters
# have enough frames; upright boxes around rotated words need those of 128 pixels, however narrow.
crop_size = dict(height=32, mode="buckets", widths=[128, 160, 192, 224, 256, 320, 384], stretch=1.2)
