# A language model for the small recognizers of the studies.
_base_ = ["masked_language_cloze_noise.py"]
model = dict(language=dict(channels=128, num_layers=2, heads=4, expansion=3.0, dropout=0.0))
train_dataloader = dict(batch_size=512, num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0, persistent_workers=False)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(type="OneCycleLR", eta_max=2e-3, pct_start=0.075, div_factor=25, final_div_factor=1e4),
]
train_cfg = dict(max_iters=3000, val_interval=1000)
