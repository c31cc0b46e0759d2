# A small recognizer for studies on one CPU core: convolutions, one layer of attention, CTC.
model = dict(
    type="FourStageRecognizer",
    data_preprocessor=dict(type="RecDataPreprocessor", mean=127.5, std=127.5, channels_last=True),
    transformation=dict(type="NoTransformation"),
    feature_extraction=dict(
        type="CompactMixer",
        channels=(16, 32, 64, 96),
        depths=(1, 1, 1, 1),
        mixers=("conv", "conv", "conv", "global"),
        stem_channels=8,
    ),
    sequence_modeling=dict(type="NoSequence"),
    prediction=dict(type="CTCPrediction"),
    charset="36",
    max_length=25,
)
