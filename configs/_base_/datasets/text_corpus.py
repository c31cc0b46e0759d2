# Words of public-domain books by their frequency; one in fifty is held out.
books_words_train = dict(
    type="TextCorpusDataset",
    files="{{$SPOTTER_DATA:data}}/words/books.txt",
    charset="36",
    split="train",
    length=1_000_000,
)
books_words_heldout = dict(
    type="TextCorpusDataset",
    files="{{$SPOTTER_DATA:data}}/words/books.txt",
    charset="36",
    split="heldout",
)
