# The compact CTC recognizer, guided while training by a parallel decoder.
_base_ = ["compact_ctc_real.py"]
model = dict(auxiliary=dict(type="ParallelPrediction", key_network="linear", weight=0.5))
