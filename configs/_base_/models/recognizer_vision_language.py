# ABINet (Fang et al., CVPR 2021): its vision model, a cloze network, gated fusion, three rounds.
_base_ = ["recognizer_abinet_vision.py"]
model = dict(
    _delete_=True,
    type="VisionLanguageRecognizer",
    vision=_base_.model,
    language=dict(
        type="ClozeLanguageModel",
        charset="36",
        max_length=25,
        channels=512,
        num_layers=4,
        heads=8,
        expansion=4.0,
    ),
    rounds=3,
)
