# MobileNetV3-small with text strides, BiLSTM and CTC. Input 32x128, 32 frames.
model = dict(
    type="FourStageRecognizer",
    data_preprocessor=dict(type="RecDataPreprocessor", mean=127.5, std=127.5),
    transformation=dict(type="NoTransformation"),
    feature_extraction=dict(type="MobileNetV3Features", scale=1.0, out_channels=288),
    sequence_modeling=dict(type="BiLSTM", hidden_channels=96, num_layers=1),
    prediction=dict(type="CTCPrediction"),
    charset="94",
    max_length=25,
)
