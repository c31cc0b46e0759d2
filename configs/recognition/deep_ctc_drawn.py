# The network of deep_ctc on drawn words only: what the studies of unlabelled words start from.
#   spotter synthesize words --out data/synthetic_words --count 1000000 --charset latin \
#       --fonts data/fonts --words data/words --backgrounds data/backgrounds
_base_ = ["deep_ctc_release.py", "../_base_/datasets/word_archives.py"]
train_dataloader = dict(
    sampler=dict(type="EndlessSampler"),
    dataset=dict(
        _delete_=True,
        **_base_.synthetic_words_archive,
        pipeline=_base_.synthetic_pipeline,
    ),
)
param_scheduler = [
    dict(type="OneCycleLR", eta_max=1.2e-3, pct_start=0.075, div_factor=25, final_div_factor=1e3),
]
train_cfg = dict(max_iters=40000, val_interval=4000)
# Real words choose best.safetensors; the start is last.safetensors, which they have not chosen.
default_hooks = dict(checkpoint=dict(save_last=True))
custom_hooks = [
    dict(type="EMAHook", decay=0.998),
    dict(type="FrameAlignmentHook", iterations=4000),
]
# No training session of tools/release.py starts from the shipped weights with this config.
release = dict(name="deep_ctc_drawn", data="drawn words only")
