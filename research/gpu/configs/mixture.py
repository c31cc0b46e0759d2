# What both networks learn from: one table row per source. Shares are any positive scale; those of
# sources that are missing (optional=True) fall to the others. ``style`` is a row of the table
# _GEOMETRY in ../sources.py. Any LMDB of words and any folder of photos in the layout of ICDAR2015
# can be added. SPOTTER_DATA is the folder of the data sets, SPOTTER_DRAWN that of drawn ones.
_data = "{{$SPOTTER_DATA:data}}"
_drawn = "{{$SPOTTER_DRAWN:drawn}}"


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
    return dict(type="SceneWordsReader", context=0.5, max_length=25, reader=reader, **options)


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
    dict(name="wire_labels", share=3, height=64, reader=_listed("wire_labels", stop=1300)),
    # IIIT5K's own labels leave marks out and SVT's are in capitals: only once they are mended.
    dict(name="iiit5k", share=8, height=64, reader=_listed("iiit5k_mended"), optional=True),
    dict(name="svt", share=3, height=128, reader=_listed("svt_mended"), optional=True),
    dict(
        name="drawn_words",
        share=28,
        height=48,
        style="drawn",
        reader=dict(type="LMDBReader", lmdb_path=f"{_drawn}/words"),
        optional=True,
    ),
    dict(
        name="drawn_signs",
        share=8,
        height=48,
        style="drawn",
        reader=dict(type="LMDBReader", lmdb_path=f"{_drawn}/signs"),
        optional=True,
    ),
    dict(
        name="page_words",
        share=22,
        height=48,
        style="drawn",
        reader=dict(type="LMDBReader", lmdb_path=f"{_drawn}/page_words"),
        optional=True,
    ),
]
words_val = [
    dict(name="icdar2015", reader=_part(_icdar2015_words, start=3960)),
    dict(name="svt", reader=_listed("svt_words_test"), folded=True),
    dict(name="receipt_words", reader=_listed("receipt_words", start=4500)),
    dict(name="receipt_numbers", reader=_listed("receipt_numbers", start=3500)),
    dict(name="wire_labels", reader=_listed("wire_labels", start=1300)),
]
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
    dict(
        name="drawn_scenes",
        share=10,
        scales=(0.5, 1.5),
        reader=_photos(f"{_drawn}/scenes"),
        optional=True,
    ),
    dict(
        name="drawn_pages",
        share=13,
        scales=(0.4, 1.5),
        reader=_photos(f"{_drawn}/pages"),
        optional=True,
    ),
]
photos_val = dict(
    name="icdar2015",
    reader=_part(_icdar2015_photos, start=900),
)
# Drawn on all cores before training (research/gpu/draw.py); rows of one name grow step by step, so
# that something of each is there when the time is over.
drawn = [
    dict(name="words", kind="words", counts=(60_000, 240_000)),
    dict(name="scenes", kind="scenes", counts=(800, 2_500)),
    dict(name="signs", kind="signs", counts=(20_000, 60_000)),
    dict(name="page_words", kind="page_words", counts=(60_000, 200_000)),
    dict(name="pages", kind="pages", counts=(400, 1_500)),
]
