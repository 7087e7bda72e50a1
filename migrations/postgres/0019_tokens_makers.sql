-- Who made a token, whatever they are called: it is worth no more than its maker. Of those from before it is not known.
ALTER TABLE tokens ADD COLUMN subject TEXT NOT NULL DEFAULT '';
