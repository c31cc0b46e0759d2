# Word crops of ICDAR2015; those of the held-out photos begin with word_3961.
icdar2015_words_train = dict(
    type="TextRecDataset",
    name="icdar2015",
    # Four words with an É or an acute accent for an apostrophe.
    unspellable="leave_out",
    reader=dict(
        type="ICDARWordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/icdar2015_words_train/gt.txt",
        image_root="{{$SPOTTER_DATA:data}}/icdar2015_words_train/images",
    ),
    stop=3960,
)
# Spaces in a label do not count.
icdar2015_words_val = dict(
    type="TextRecDataset",
    name="icdar2015",
    label_alphabet="latin",
    reader=dict(
        type="ICDARWordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/icdar2015_words_train/gt.txt",
        image_root="{{$SPOTTER_DATA:data}}/icdar2015_words_train/images",
    ),
    start=3960,
)
