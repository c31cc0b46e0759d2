# CRNN (Shi et al., TPAMI 2017). Input 32x100, 24 frames.
model = dict(
    type="FourStageRecognizer",
    data_preprocessor=dict(type="RecDataPreprocessor", mean=127.5, std=127.5),
    transformation=dict(type="NoTransformation"),
    feature_extraction=dict(type="VGGFeatures", out_channels=512),
    sequence_modeling=dict(type="BiLSTM", hidden_channels=256, num_layers=2),
    prediction=dict(type="CTCPrediction"),
    charset="94",
    max_length=25,
)
