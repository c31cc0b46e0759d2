# Word crops in LMDBs that tools of this project make. Rendered words with labels:
#   tools/synthesize.py words --out data/synthetic_words --count 1000000 \
#       --fonts data/fonts --words data/words --backgrounds data/backgrounds
# and words without labels, out of photos:
#   tools/mine_crops.py PHOTOS ... --out data/mined_words
synthetic_words_archive = dict(
    type="TextRecDataset",
    name="synthetic",
    reader=dict(type="LMDBReader", lmdb_path="{{$SPOTTER_DATA:data}}/synthetic_words"),
)
mined_words = dict(
    type="TextRecDataset",
    name="mined",
    reader=dict(
        type="LMDBReader",
        lmdb_path="{{$SPOTTER_DATA:data}}/mined_words",
        labelled=False,
    ),
)
# Rendered words come blurred and noisy already: degraded twice, many could not be read at all.
rendered_pipeline = [
    dict(type="LoadCrop"),
    dict(
        type="RecAugment",
        height=32,
        mode="fixed",
        width=128,
        geometric=0.5,
        color=0.3,
        blur=0.05,
        resample=0.05,
        noise=0.05,
        jpeg=0.05,
    ),
    dict(type="PackRecInputs"),
]
