# DBNet for CPUs: narrow pyramid, all of the head's work at stride 4. Name a file of PaddlePaddle's
# ImageNet weights as model.backbone.pretrained to start from them.
model = dict(
    type="DBNet",
    backbone=dict(type="MobileNetV3Large", scale=0.5, pretrained=None),
    neck=dict(type="FPNC", lateral_channels=64, out_channels=16, norm=True),
    head=dict(type="DBHead", hidden=24, upsample="pixel_shuffle", loss=dict(type="DBLoss")),
    postprocessor=dict(type="DBPostprocessor"),
    data_preprocessor=dict(type="DetDataPreprocessor"),
)
