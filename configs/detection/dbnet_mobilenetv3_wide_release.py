# The released detector with a wider pyramid and head, and with context at strides 8 to 32; it
# starts from the shipped one and gives its map at first.
_base_ = ["dbnet_mobilenetv3_release.py"]
model = dict(neck=dict(out_channels=32, context=(0, 1, 2, 2)), head=dict(hidden=48))
release = dict(name="dbnet_mobilenetv3_wide", init_from="dbnet_mobilenetv3")
