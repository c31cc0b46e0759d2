# Word crops of photographed receipts (WildReceipt); some hold several words, whose spaces the
# labels leave out. The last 500 are held out for validation.
receipt_words_train = dict(
    type="TextRecDataset",
    name="receipt_words",
    label_alphabet="latin",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/receipt_words/labels.txt",
    ),
    stop=-500,
)
receipt_words_val = dict(
    type="TextRecDataset",
    name="receipt_words",
    label_alphabet="latin",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/receipt_words/labels.txt",
    ),
    start=-500,
)
