# MoCo, one instance per word.
_base_ = ["moco_window_trba.py"]
model = dict(mapping=dict(_delete_=True, type="AllToInstance"))
