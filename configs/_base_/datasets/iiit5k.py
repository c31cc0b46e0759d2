# IIIT 5K-Word, the training part.
iiit5k_train = dict(
    type="TextRecDataset",
    name="iiit5k",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/iiit5k_train/labels.txt",
    ),
)
