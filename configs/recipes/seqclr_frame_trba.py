# SeqCLR with every frame an instance.
_base_ = ["seqclr_window_trba.py"]
model = dict(mapping=dict(_delete_=True, type="FrameToInstance"))
