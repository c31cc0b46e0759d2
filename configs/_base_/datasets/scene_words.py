# Word crops that are cut out of labelled photos: ICDAR2015 (the last 100 training photos are held
# out for validation), ICDAR2003 and the street photos of SVT. They show half a line of what is
# around, so that each time a word can be cut out as a detector would do it.
context = 0.5
icdar2015_scene_words_train = dict(
    type="TextRecDataset",
    name="icdar2015_scenes",
    # Four words with an É or an acute accent for an apostrophe.
    unspellable="leave_out",
    reader=dict(
        type="SceneWordsReader",
        context=context,
        min_height=8.0,
        max_length=25,
        reader=dict(
            type="SelectedReader",
            stop=900,
            reader=dict(
                type="ICDARDetectionReader",
                annotation_root="{{$SPOTTER_DATA:data}}/icdar2015_train/gt",
                image_root="{{$SPOTTER_DATA:data}}/icdar2015_train/images",
            ),
        ),
    ),
)
icdar2003_words_train = dict(
    type="TextRecDataset",
    name="icdar2003",
    # Three words with signs that were lost on the way.
    unspellable="leave_out",
    reader=dict(
        type="SceneWordsReader",
        margin=0.05,
        context=context,
        max_length=25,
        reader=dict(
            type="ICDARDetectionReader",
            annotation_root="{{$SPOTTER_DATA:data}}/icdar2003/gt",
            image_root="{{$SPOTTER_DATA:data}}/icdar2003/images",
        ),
    ),
)
svt_words_train = dict(
    type="TextRecDataset",
    name="svt_train",
    label_alphabet="upper",
    reader=dict(
        type="SceneWordsReader",
        context=context,
        max_length=25,
        reader=dict(
            type="SVTXMLReader",
            annotation_file="{{$SPOTTER_DATA:data}}/svt_scenes_train/train.xml",
        ),
    ),
)
# Runs of neighbouring words with the spaces between them, for the class of the space.
icdar2015_runs_train = dict(
    type="TextRecDataset",
    name="icdar2015_runs",
    unspellable="leave_out",
    reader=dict(
        type="SceneWordsReader",
        context=context,
        min_height=8.0,
        max_length=32,
        reader=dict(
            type="NeighbouringWordsReader",
            reader=icdar2015_scene_words_train["reader"]["reader"],
        ),
    ),
)
