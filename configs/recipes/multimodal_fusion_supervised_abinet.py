# Stage 3 without agreement: ABINet trained on the labels alone, with the same two views.
_base_ = ["multimodal_fusion_abinet.py"]
model = dict(weight=0.0)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="ConcatDataset",
        datasets=[
            dict(**_base_.synthetic_words_archive, pipeline=_base_.labelled_pipeline),
        ],
        ratios=[1.0],
    ),
)
