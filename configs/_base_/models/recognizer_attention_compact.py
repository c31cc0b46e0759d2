# The compact recognizer with an attention decoder. Input 32x128, 32 frames.
_base_ = ["./recognizer_ctc_compact.py"]
model = dict(
    prediction=dict(type="AttentionPrediction", hidden_channels=192, embedding_channels=96),
)
