# ABINet's vision model (Fang et al., CVPR 2021). Input 32x128, 8x32 positions.
model = dict(
    type="FourStageRecognizer",
    data_preprocessor=dict(type="RecDataPreprocessor", mean=127.5, std=127.5),
    transformation=dict(type="NoTransformation"),
    feature_extraction=dict(type="ResNet45", out_channels=512),
    sequence_modeling=dict(type="TransformerEncoder", num_layers=3, heads=8, expansion=4.0),
    prediction=dict(type="ParallelPrediction", key_network="unet", key_channels=64),
    charset="36",
    max_length=25,
)
