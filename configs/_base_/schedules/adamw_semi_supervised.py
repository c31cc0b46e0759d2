# AdamW with the weight decay that keeps consistency training from collapse, and one cycle
# (Zheng et al., CVPR 2022).
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    dtype="float32",
    constructor="GroupedOptimWrapperConstructor",
    optimizer=dict(type="AdamW", lr=1e-3, betas=(0.9, 0.999), weight_decay=0.01),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type="OneCycleLR", eta_max=1e-3, pct_start=0.3, div_factor=20, final_div_factor=1e3),
]
train_cfg = dict(type="ResumableTrainLoop", max_iters=250000, val_interval=2000)
