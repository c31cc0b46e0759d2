# Word crops that are cut out of labelled photos: ICDAR2003 and the street photos of SVT.
icdar2003_words_train = dict(
    type="TextRecDataset",
    name="icdar2003",
    reader=dict(
        type="SceneWordsReader",
        margin=0.05,
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
    reader=dict(
        type="SceneWordsReader",
        max_length=25,
        reader=dict(
            type="SVTXMLReader",
            annotation_file="{{$SPOTTER_DATA:data}}/svt_scenes_train/train.xml",
        ),
    ),
)
