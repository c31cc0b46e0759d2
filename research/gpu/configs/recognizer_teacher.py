# A teacher of 22 million parameters, from scratch. It has the inputs and the frames of the shipped
# recognizer, which can learn from it (recognizer_distilled.py).
_base_ = ["recognizer_shipped.py"]
name = "teacher_ctc"
init_from = None
model = dict(
    feature_extraction=dict(
        channels=(96, 192, 320, 480),
        depths=(3, 6, 8, 6),
        mixers=("local", "local", "local", "global"),
        drop_path=0.1,
    ),
    rescorer=dict(channels=384, num_layers=2, heads=6),
)
batch_size = 768
optimizer = dict(lr=2e-3, weight_decay=0.05)
