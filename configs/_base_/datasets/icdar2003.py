# ICDAR2003, focused scene text; none of these photos is in the test set of ICDAR2013.
icdar2003_train = dict(
    type="TextDetDataset",
    name="icdar2003",
    reader=dict(
        type="ICDARDetectionReader",
        annotation_root="{{$SPOTTER_DATA:data}}/icdar2003/gt",
        image_root="{{$SPOTTER_DATA:data}}/icdar2003/images",
    ),
)
