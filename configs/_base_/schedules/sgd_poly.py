# DBNet's schedule: SGD, polynomial decay with power 0.9; 1200 epochs of ICDAR2015 at batch 16.
optim_wrapper = dict(
    type="AutocastOptimWrapper",
    dtype="float32",
    constructor="GroupedOptimWrapperConstructor",
    paramwise_cfg=dict(decay_norm_and_bias=True),
    optimizer=dict(type="SGD", lr=0.007, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [dict(type="PolyLR", power=0.9, eta_min=1e-7)]
train_cfg = dict(type="ResumableTrainLoop", max_iters=75000, val_interval=2500)
