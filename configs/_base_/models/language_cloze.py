# ABINet's bidirectional cloze network (Fang et al., CVPR 2021).
model = dict(
    type="MaskedLanguageModeling",
    language=dict(
        type="ClozeLanguageModel",
        charset="36",
        max_length=25,
        channels=512,
        num_layers=4,
        heads=8,
        expansion=4.0,
    ),
)
