# CompactMixer and CTC: the recognizer for CPUs. Input 32x128, 32 frames.
model = dict(
    type="FourStageRecognizer",
    data_preprocessor=dict(type="RecDataPreprocessor", mean=127.5, std=127.5),
    transformation=dict(type="NoTransformation"),
    feature_extraction=dict(type="CompactMixer", size="tiny"),
    sequence_modeling=dict(type="NoSequence"),
    prediction=dict(type="CTCPrediction"),
    charset="94",
    max_length=25,
)
