# Soft labels of words that an averaged teacher is sure of.
_base_ = ["multimodal_fusion_abinet.py"]
model = dict(hard=False, threshold=0.9, momentum=0.9999)
