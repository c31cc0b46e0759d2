# The cloze model on misspelt words: it learns to correct.
_base_ = ["masked_language_cloze.py"]
train_dataloader = dict(dataset=dict(noise=dict(probability=0.5, rate=0.1)))
