# SeqCLR with a BiLSTM as projection head.
_base_ = ["seqclr_window_trba.py"]
model = dict(projection=dict(_delete_=True, type="BiLSTM", hidden_channels=256, num_layers=1))
