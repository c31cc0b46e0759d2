# Words rendered when asked for, no two alike: with the system's fonts and a short word list, which
# need no data; and with fonts, words and photos from the data folder.
synthetic_words_train = dict(type="SyntheticWordDataset", name="synthetic", length=5_000_000)
synthetic_words_val = dict(type="SyntheticWordDataset", name="synthetic", length=1000, seed=1)
synthetic_words_rich_train = dict(
    type="SyntheticWordDataset",
    name="synthetic",
    length=5_000_000,
    fonts="{{$SPOTTER_DATA:data}}/fonts",
    words="{{$SPOTTER_DATA:data}}/words",
    backgrounds="{{$SPOTTER_DATA:data}}/backgrounds",
    preload=True,
)
