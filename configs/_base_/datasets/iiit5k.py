# IIIT 5K-Word, the training part.
iiit5k_train = dict(
    type="TextRecDataset",
    name="iiit5k",
    # Letters and digits, and their case is not reliable.
    label_alphabet="36",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/iiit5k_train/labels.txt",
    ),
)
