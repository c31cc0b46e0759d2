# The compact recognizer with an attention decoder, on photographed and rendered words; validated on
# SVT.
_base_ = [
    "../_base_/recognition_real_complete.py",
    "../_base_/models/recognizer_attention_compact.py",
    "../_base_/schedules/adamw_onecycle.py",
]
