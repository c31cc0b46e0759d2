# MLT2017, photos with English and French text.
mlt17_train = dict(
    type="TextDetDataset",
    name="mlt17",
    reader=dict(
        type="ICDARDetectionReader",
        annotation_root="{{$SPOTTER_DATA:data}}/mlt17_en_fr/gt",
        image_root="{{$SPOTTER_DATA:data}}/mlt17_en_fr/images",
    ),
)
# Their words, cut out by quads whose text is not known.
mlt17_words_unlabelled = dict(
    type="TextRecDataset",
    name="mlt17",
    reader=dict(
        type="SceneWordsReader",
        margin=0.05,
        min_height=10,
        unlabelled=True,
        reader=dict(
            type="ICDARDetectionReader",
            annotation_root="{{$SPOTTER_DATA:data}}/mlt17_en_fr/gt",
            image_root="{{$SPOTTER_DATA:data}}/mlt17_en_fr/images",
        ),
    ),
)
