# DBNet as published, ResNet-18 with deformable convolutions (Liao et al., AAAI 2020).
model = dict(
    type="DBNet",
    backbone=dict(type="ResNet", depth=18, deformable=True, pretrained=False),
    neck=dict(type="FPNC", lateral_channels=256, out_channels=64),
    head=dict(type="DBHead", loss=dict(type="DBLoss")),
    postprocessor=dict(type="DBPostprocessor"),
    data_preprocessor=dict(type="DetDataPreprocessor"),
)
