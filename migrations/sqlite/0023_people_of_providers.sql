-- The role that a sign-in provider last gave to a person, and when: their tokens and links are worth no more.
CREATE TABLE provider_people (
    subject TEXT PRIMARY KEY NOT NULL,
    role TEXT NOT NULL,
    told INTEGER NOT NULL
);
