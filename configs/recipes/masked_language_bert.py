# Random characters hidden by a mask token.
_base_ = ["masked_language_cloze.py"]
model = dict(language=dict(type="MaskedLanguageModel"))
# A seventh of the places is learned from at a time.
train_cfg = dict(max_iters=150000, val_interval=5000)
