_base_ = ["./recognizer_ctc_compact.py"]

# A parallel decoder guides the features while training and takes no part in reading
# (after GTC, Hu et al., AAAI 2020).
model = dict(auxiliary=dict(type="ParallelPrediction", key_network="linear", weight=0.5))
