# TRBA: TPS, ResNet-29, BiLSTM, attention (Baek et al., ICCV 2019). Input 32x100, 26 frames.
model = dict(
    type="FourStageRecognizer",
    data_preprocessor=dict(type="RecDataPreprocessor", mean=127.5, std=127.5),
    transformation=dict(type="ThinPlateSpline", output_size=(32, 100), num_control_points=20),
    feature_extraction=dict(type="ResNet29", out_channels=512),
    sequence_modeling=dict(type="BiLSTM", hidden_channels=256, num_layers=2),
    prediction=dict(type="AttentionPrediction", hidden_channels=256, embedding_channels=256),
    charset="94",
    max_length=25,
)
