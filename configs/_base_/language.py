# Stage 2 of vision and language: a language model learns words.
_base_ = [
    "runtime.py",
    "models/language_cloze.py",
    "schedules/adamw_onecycle.py",
    "datasets/text_corpus.py",
]
task = "language"
train_dataloader = dict(
    batch_size=4096,
    num_workers=4,
    persistent_workers=True,
    # Words are drawn at random as it is.
    sampler=dict(type="EndlessSampler", shuffle=False),
    collate_fn=dict(type="pseudo_collate"),
    dataset=_base_.books_words_train,
)
val_dataloader = dict(
    batch_size=1024,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="pseudo_collate"),
    dataset=_base_.books_words_heldout,
)
val_cfg = dict(type="ValLoop")
val_evaluator = dict(type="LanguageMetric")
default_hooks = dict(checkpoint=dict(save_best="language/perplexity", rule="less"))
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type="OneCycleLR", eta_max=5e-4, pct_start=0.075, div_factor=25, final_div_factor=1e4),
]
train_cfg = dict(max_iters=50000, val_interval=2500)
