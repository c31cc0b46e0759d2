# ICDAR2015 incidental scene text: the last 100 training photos are held out for validation.
icdar2015_train = dict(
    type="TextDetDataset",
    name="icdar2015",
    reader=dict(
        type="ICDARDetectionReader",
        annotation_root="{{$SPOTTER_DATA:data}}/icdar2015_train/gt",
        image_root="{{$SPOTTER_DATA:data}}/icdar2015_train/images",
    ),
    stop=900,
)
icdar2015_val = dict(
    type="TextDetDataset",
    name="icdar2015",
    reader=dict(
        type="ICDARDetectionReader",
        annotation_root="{{$SPOTTER_DATA:data}}/icdar2015_train/gt",
        image_root="{{$SPOTTER_DATA:data}}/icdar2015_train/images",
    ),
    start=900,
)
