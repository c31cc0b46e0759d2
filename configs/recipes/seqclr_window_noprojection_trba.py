# SeqCLR without a projection head.
_base_ = ["seqclr_window_trba.py"]
model = dict(projection=None)
