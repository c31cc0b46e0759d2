# BYOL per instance: five windows per word.
_base_ = ["byol_image_trba.py"]
model = dict(mapping=dict(_delete_=True, type="WindowToInstance", windows=5))
