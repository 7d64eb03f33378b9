-- Schema 4. The index of what list_tasks finds by words: derived, and brought up to date outside the transactions of writes.

-- One document a task, without its text; the rowid is the seq of the event it is indexed as of, so that the last changed
-- task is the last document. The tokens come from domain/words.ts, separated by spaces: `ascii` takes them as they are.
CREATE VIRTUAL TABLE search USING fts5 (words, parts, content = '', contentless_delete = 1, tokenize = 'ascii');

-- Which document is a task's.
CREATE TABLE search_documents (
  task INTEGER PRIMARY KEY REFERENCES tasks (id),
  seq  INTEGER NOT NULL
) STRICT;

-- Up to which event the index knows all: the tasks of later ones are searched without it. 0: of an older database, none.
CREATE TABLE search_progress (
  id  INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL
) STRICT;
INSERT INTO search_progress (id, seq) VALUES (1, 0);

CREATE TRIGGER search_forgets BEFORE DELETE ON tasks
BEGIN
  DELETE FROM search WHERE rowid = (SELECT seq FROM search_documents WHERE task = old.id);
  DELETE FROM search_documents WHERE task = old.id;
END;
