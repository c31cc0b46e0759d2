# The compact recognizer with an attention decoder in place of CTC.
_base_ = ["compact_ctc_synthetic.py"]
model = dict(
    prediction=dict(type="AttentionPrediction", hidden_channels=192, embedding_channels=96),
)
