# AdamW, one cycle with 7.5 % of rise (PARSeq's schedule for its reimplemented recognizers).
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    dtype="float32",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="AdamW", lr=7e-4, betas=(0.9, 0.999), weight_decay=0.01),
    clip_grad=dict(max_norm=20.0),
)
param_scheduler = [
    dict(type="OneCycleLR", eta_max=7e-4, pct_start=0.075, div_factor=25, final_div_factor=1e4),
]
train_cfg = dict(type="ResumableTrainLoop", max_iters=100000, val_interval=2000)
