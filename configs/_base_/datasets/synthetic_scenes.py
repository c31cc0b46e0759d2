# Scenes rendered when asked for: with the system's fonts and painted backgrounds, which need no
# data; and with fonts, words and photos from the data folder.
synthetic_scenes_train = dict(type="SyntheticSceneDataset", name="synthetic", length=5_000_000)
synthetic_scenes_val = dict(type="SyntheticSceneDataset", name="synthetic", length=100, seed=1)
synthetic_scenes_rich_train = dict(
    type="SyntheticSceneDataset",
    name="synthetic",
    length=5_000_000,
    fonts="{{$SPOTTER_DATA:data}}/fonts",
    words="{{$SPOTTER_DATA:data}}/words",
    backgrounds="{{$SPOTTER_DATA:data}}/backgrounds",
    preload=True,
)
