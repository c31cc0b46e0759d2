# Crops of scanned receipts (SROIE) without letters: prices, dates, phone numbers, codes. The labels
# leave spaces out. The last 500 are held out for validation.
receipt_numbers_train = dict(
    type="TextRecDataset",
    name="receipt_numbers",
    label_alphabet="latin",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/receipt_numbers/labels.txt",
    ),
    stop=-500,
)
receipt_numbers_val = dict(
    type="TextRecDataset",
    name="receipt_numbers",
    label_alphabet="latin",
    reader=dict(
        type="WordListReader",
        annotation_file="{{$SPOTTER_DATA:data}}/receipt_numbers/labels.txt",
    ),
    start=-500,
)
