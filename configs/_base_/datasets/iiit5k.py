# IIIT 5K-Word, the training part. Its labels have the case of letters, but no marks.
iiit5k_train = dict(
    type="TextRecDataset",
    name="iiit5k",
    label_alphabet="62",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/iiit5k_train/labels.txt",
    ),
)
