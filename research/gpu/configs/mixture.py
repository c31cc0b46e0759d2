# What both networks learn from: one table row per source. Shares are any positive scale; those of
# sources that are missing (optional=True) fall to the others. ``style`` is a row of the table
# _GEOMETRY in ../sources.py. Any LMDB of words and any folder of photos in the layout of ICDAR2015
# can be added. SPOTTER_DATA is the folder of the data sets, SPOTTER_DRAWN that of drawn ones.
# Labels of our own making lie in ``labels`` beside the data sets: lists of words of `spotter
# relabel` (NAME.txt) and folders of photos' labels of `spotter label` (photos/NAME).
_data = "{{$SPOTTER_DATA:data}}"
_drawn = "{{$SPOTTER_DRAWN:drawn}}"
_max_length = 32


def _part(reader, **limits):
    return dict(type="SelectedReader", reader=reader, **limits)


def _listed(folder, **limits):
    reader = dict(type="WordListReader", annotation_file=f"{_data}/{folder}/labels.txt")
    return _part(reader, **limits) if limits else reader


def _photos(folder, **options):
    return dict(
        type="ICDARDetectionReader",
        annotation_root=f"{folder}/gt",
        image_root=f"{folder}/images",
        **options,
    )


def _scene_words(reader, **options):
    return dict(
        type="SceneWordsReader", context=0.5, max_length=_max_length, reader=reader, **options
    )


def _runs(name, share, height, photos, **options):
    """Neighbouring words with the spaces between them."""
    reader = _scene_words(dict(type="NeighbouringWordsReader", reader=photos), min_height=7.0)
    return dict(name=f"{name}_runs", share=share, height=height, reader=reader, **options)


def _relabelled(name, share, height):
    """Words of a data set whose own labels leave out marks or case."""
    reader = dict(
        type="WordListReader", annotation_file=f"{_data}/labels/{name}.txt", image_root=_data
    )
    return dict(name=name, share=share, height=height, reader=reader, optional=True)


def _labelled_photos(name, images):
    """Photos with labels on which two readers agree; what is doubtful is ignored."""
    labels = f"{_data}/labels/photos/{name}"
    return dict(type="CTW1500TextReader", annotation_root=labels, image_root=images)


def _agreed_words(name, share, images):
    reader = _scene_words(_labelled_photos(name, images), margin=0.05, min_height=8.0)
    return dict(name=f"{name}_words", share=share, height=96, reader=reader, optional=True)


def _drawn_photos(name, **limits):
    reader = dict(
        type="CTW1500TextReader",
        annotation_root=f"{_drawn}/{name}/gt",
        image_root=f"{_drawn}/{name}/images",
    )
    return _part(reader, **limits) if limits else reader


def _drawn_words(name, share, **options):
    return dict(
        name=f"drawn_{name}",
        share=share,
        height=48,
        style="drawn",
        reader=dict(type="LMDBReader", lmdb_path=f"{_drawn}/{name}"),
        optional=True,
        **options,
    )


_logos = f"{_data}/logos_unlabelled/images"
_packages = f"{_data}/packages_unlabelled"
_icdar2015_photos = _photos(f"{_data}/icdar2015_train", resize_to=(1280, 720))
_icdar2015 = _part(_icdar2015_photos, stop=900)
_icdar2015_words = dict(
    type="ICDARWordListReader",
    annotation_file=f"{_data}/icdar2015_words_train/gt.txt",
    image_root=f"{_data}/icdar2015_words_train/images",
)
words = [
    dict(name="icdar2015_words", share=10, height=64, reader=_part(_icdar2015_words, stop=3960)),
    dict(
        name="icdar2015_scenes", share=14, height=96, reader=_scene_words(_icdar2015, min_height=8)
    ),
    dict(
        name="icdar2003",
        share=6,
        height=128,
        reader=_scene_words(_photos(f"{_data}/icdar2003"), margin=0.05),
    ),
    dict(name="receipt_words", share=8, height=64, reader=_listed("receipt_words", stop=4500)),
    dict(name="receipt_numbers", share=5, height=64, reader=_listed("receipt_numbers", stop=3500)),
    dict(name="wire_labels", share=5, height=64, reader=_listed("wire_labels", stop=1300)),
    _runs("icdar2015", 3, 64, _icdar2015),
    _runs("drawn_scenes", 2, 48, _drawn_photos("scenes", stop=400), style="drawn", optional=True),
    # A page has hundreds of runs.
    _runs("drawn_pages", 4, 48, _drawn_photos("pages", stop=150), style="drawn", optional=True),
    _relabelled("iiit5k", 9, 64),
    _relabelled("svt", 3, 128),
    _agreed_words("mlt17", 7, f"{_data}/mlt17_en_fr/images"),
    _agreed_words("logos", 3, _logos),
    _agreed_words("packages", 3, _packages),
    _drawn_words("words", 24),
    _drawn_words("signs", 8),
    _drawn_words("page_words", 18),
    _drawn_words("rare_words", 14),
    # Words of scripts that are not read: the right reading is none.
    _drawn_words("other_scripts", 2, nothing_to_read=True),
]
words_val = [
    dict(name="icdar2015", reader=_part(_icdar2015_words, start=3960)),
    dict(name="svt", reader=_listed("svt_words_test"), folded=True),
    dict(name="receipt_words", reader=_listed("receipt_words", start=4500)),
    dict(name="receipt_numbers", reader=_listed("receipt_numbers", start=3500)),
    dict(name="wire_labels", reader=_listed("wire_labels", start=1300)),
]


def _outlined(name, share, scales, reader):
    return dict(name=name, share=share, scales=scales, reader=reader, optional=True)


# ``scales``: from pixels of the photo to those of the crop.
photos = [
    dict(name="icdar2015", share=45, scales=(0.5, 1.6), reader=_icdar2015),
    dict(name="mlt17", share=20, scales=(0.4, 1.4), reader=_photos(f"{_data}/mlt17_en_fr")),
    dict(name="icdar2003", share=8, scales=(0.25, 1.5), reader=_photos(f"{_data}/icdar2003")),
    # Outlines of whole lines: pixels that count neither as text nor as background.
    dict(
        name="td500",
        share=4,
        scales=(0.4, 1.4),
        ignored=True,
        reader=_photos(f"{_data}/msra_td500_train"),
    ),
    # A part of their words stands on curves.
    _outlined("drawn_scenes", 14, (0.4, 1.4), _drawn_photos("scenes")),
    _outlined("drawn_pages", 13, (0.5, 1.6), _drawn_photos("pages")),
    # Most of these photos are smaller than 400 pixels, and are searched enlarged.
    _outlined("logos", 14, (0.7, 2.2), _labelled_photos("logos", _logos)),
    _outlined("packages", 12, (0.8, 2.4), _labelled_photos("packages", _packages)),
    _outlined("svt", 2, (0.5, 1.5), _labelled_photos("svt", f"{_data}/svt_scenes_train/img")),
]
photos_val = dict(
    name="icdar2015",
    reader=_part(_icdar2015_photos, start=900),
)
# Drawn on all cores before training (research/gpu/draw.py); rows of one name grow step by step, so
# that something of each is there when the time is over.
drawn = [
    dict(name="words", kind="words", counts=(60_000, 240_000)),
    dict(
        name="scenes",
        kind="scenes",
        curved=0.4,
        polygons=True,
        size=(800, 800),
        label_margin=0.12,
        counts=(800, 2_500),
    ),
    dict(name="signs", kind="words", style="signs", counts=(20_000, 60_000)),
    dict(name="rare_words", kind="words", style="rare", counts=(30_000, 100_000)),
    dict(name="page_words", kind="page_words", size=(960, 960), counts=(60_000, 200_000)),
    dict(name="pages", kind="pages", size=(960, 960), label_margin=0.12, counts=(400, 1_500)),
    # With fonts of their own: none of the others draws these letters.
    dict(
        name="other_scripts",
        kind="words",
        style="other_scripts",
        fonts="other_fonts",
        counts=(6_000, 20_000),
    ),
]
