# Street View Text, the 647 test words: for validation, never for training. Labels are upper case.
svt_words_val = dict(
    type="TextRecDataset",
    name="svt",
    label_alphabet="upper",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/svt_words_test/labels.txt",
    ),
)
