# Fine-tuning with a CTC decoder.
_base_ = ["fine_tune_attention_trba.py"]
model = dict(prediction=dict(_delete_=True, type="CTCPrediction"))
