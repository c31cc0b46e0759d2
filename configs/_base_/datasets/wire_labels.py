# Crops of printed labels on cables and terminals: codes of letters and digits, some of which the
# labels confuse (O and 0, I and 1). The last 200 are held out for validation.
wire_labels_train = dict(
    type="TextRecDataset",
    name="wire_labels",
    label_alphabet="latin",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/wire_labels/labels.txt",
    ),
    stop=-200,
)
wire_labels_val = dict(
    type="TextRecDataset",
    name="wire_labels",
    label_alphabet="latin",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/wire_labels/labels.txt",
    ),
    start=-200,
)
