# The shipped recognizer, which learns from a teacher's frames beside the labels. The teacher's
# weights come from an earlier training: state/recognizer_teacher of the bundle (pack.py --state).
_base_ = ["recognizer_shipped.py"]
teacher = dict(
    weights="{{$SPOTTER_HOME:work}}/state/recognizer_teacher/weights.safetensors",
    share=0.5,  # of the loss that the teacher's frames decide instead of the labels
    temperature=2.0,
)
