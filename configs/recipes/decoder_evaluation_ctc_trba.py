# A fresh CTC decoder on a frozen encoder that a self-supervised recipe has trained.
_base_ = ["decoder_evaluation_attention_trba.py"]
model = dict(recognizer=dict(prediction=dict(_delete_=True, type="CTCPrediction")))
