# SeqCLR with one instance per word.
_base_ = ["seqclr_window_trba.py"]
model = dict(mapping=dict(_delete_=True, type="AllToInstance"))
