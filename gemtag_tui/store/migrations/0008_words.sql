-- The words of the texts that are searched, so that a beginning of one is known for the words it
-- can become. Derived by the indexer; a word that is nowhere any more may still be here.
CREATE TABLE search_word (
    word    TEXT PRIMARY KEY,             -- small letters without accents
    results INTEGER NOT NULL              -- about how often it occurs, to tell common from rare
) STRICT, WITHOUT ROWID;
-- A library with an index learns its words from it, a few at a time: this is the last one so far.
INSERT INTO setting SELECT 'words', '' WHERE EXISTS (SELECT 1 FROM search_doc);
-- Every result has one more word in the index: its block of 4096 ids, so that a search can be kept
-- within some blocks. A library with an index gets them a few at a time: "last done,last without".
INSERT INTO setting SELECT 'spans', '0,' || value FROM setting
    WHERE name = 'indexed' AND EXISTS (SELECT 1 FROM search_doc);
