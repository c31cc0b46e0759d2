# What every run shares: logging, checkpoints, averaging of the weights, seed.
default_scope = "spotter"
# Folder of the data sets: --cfg-options data_root=..., or the environment variable SPOTTER_DATA.
data_root = "{{$SPOTTER_DATA:data}}"
device = "auto"
randomness = dict(seed=0)
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0),
)
default_hooks = dict(
    logger=dict(type="ProgressHook", interval=50, seconds=20),
    checkpoint=dict(type="TimedCheckpointHook", interval=5000, minutes=10, keep=2),
)
custom_hooks = [dict(type="EMAHook", decay=0.9995)]
visualizer = dict(
    type="Visualizer",
    vis_backends=[dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")],
)
