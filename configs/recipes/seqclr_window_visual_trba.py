# SeqCLR on stages 1 and 2 of the encoder; the third is left for fine-tuning.
_base_ = ["seqclr_window_trba.py"]
model = dict(stage="visual")
