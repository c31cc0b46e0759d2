# Every modality is taught by the fusion of the weak view. Likewise model.teacher=vision, language
# or all (each in equal parts).
_base_ = ["multimodal_fusion_abinet.py"]
model = dict(teacher="fusion")
