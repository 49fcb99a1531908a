BEGIN TRANSACTION;
CREATE TABLE journal (
	seq INTEGER NOT NULL,
	run_id TEXT NOT NULL,
	recorded_ms BIGINT NOT NULL,
	kind TEXT NOT NULL,
	intent_id TEXT NOT NULL,
	body TEXT NOT NULL,
	link TEXT NOT NULL,
	PRIMARY KEY (seq)
);
INSERT INTO "journal" VALUES(1,'run-1',1746360000000,'DuplicateSeen','a','{"at_ms":1746360000001,"intent_id":"a","entry_id":"entry-1"}','f487b12ff0900b4187ec756c29652a4a7e66cf32620e4c58d591d16821278ffc');
INSERT INTO "journal" VALUES(2,'run-1',1746360000000,'DeadLettered','','{"at_ms":1746360000000,"entry_id":"entry-0","reason":"NOT_JSON é ✅","faults":["a","b"],"source":""}','3d8d1dc26c78e0096a6d0860a4931aec765a13cde699202e4e5d394782f0a2ee');
INSERT INTO "journal" VALUES(3,'run-1',1746360000000,'DuplicateSeen','b','{"at_ms":1746360000002,"intent_id":"b","entry_id":"entry-2"}','219c183798c92202a0fff1e4d111a81c0d7e9e7a6c377f0dc1e4b560402e2c95');
INSERT INTO "journal" VALUES(4,'run-1',1746360000000,'DuplicateSeen','a','{"at_ms":1746360000003,"intent_id":"a","entry_id":"entry-3"}','f15a977904284a550687c7ceadcbda114548dc5bc8cc6e67e36dd0a2cb565d6d');
CREATE TABLE journal_meta (
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name)
);
INSERT INTO "journal_meta" VALUES('schema_version','1');
INSERT INTO "journal_meta" VALUES('journal_id','id-1');
CREATE INDEX journal_by_intent ON journal (intent_id, seq);
COMMIT;
