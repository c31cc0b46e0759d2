# Photos of Total-Text with curved words: for validation, never for training.
totaltext_curved_val = dict(
    type="TextDetDataset",
    name="totaltext",
    reader=dict(
        type="TotalTextLinesReader",
        annotation_root="{{$SPOTTER_DATA:data}}/totaltext_curved/gt",
        image_root="{{$SPOTTER_DATA:data}}/totaltext_curved/images",
    ),
)
