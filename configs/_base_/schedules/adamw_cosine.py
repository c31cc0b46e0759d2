# AdamW, linear warm-up over 2 % of the run, cosine decay over the rest.
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    dtype="float32",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="AdamW", lr=1e-3, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, end=0.02),
    dict(type="CosineAnnealingLR", begin=0.02, eta_min=1e-6),
]
train_cfg = dict(type="ResumableTrainLoop", max_iters=20000, val_interval=1000)
