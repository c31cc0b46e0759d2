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
