-- migrate:up

-- A text as it is searched: small letters without accents or apostrophes, the same in a database of
-- any locale. Letters of other alphabets become Latin ones that sound alike: an index of trigrams
-- knows those in any locale, and Maria is found as Мария, too. What is in no list stays as it is.
CREATE FUNCTION client_folded(said text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF octet_length(said) = length(said) THEN
        RETURN replace(lower(said COLLATE "C"), '''', '');
    END IF;
    said := regexp_replace(
        normalize(said, NFKD),
        '[''’ʼʹ`\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u2066-\u2069]',
        '', 'g');
    IF octet_length(said) = length(said) THEN
        RETURN lower(said COLLATE "C");
    END IF;
    said := translate(
        said,
        'øØłŁĐđÐðĦħıIŦŧƒƑŊŋĸəƏΑαβΒΓγδΔΕεΖζηΗθΘΙικΚΛλμΜνΝΞξοΟΠπΡρΣσςτΤΥυΦφχΧΨψωΩАабБВвГгдДЕеЖжЗзиИкКлЛМмнНОоПпРрсСТтУуФфХхцЦЧчшШЩщЫыэЭЮюяЯІієЄґҐЂђЈјљЉЊњЋћЏџЅѕӘәҒғҚқңҢөӨұҰҮүҺһאבגדהוזחטיכךלמםנןסעפףצץקרשתابتثجحخدذرزسشصضطظعغفقكکلمنهويیىةپچژگ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹ьъЬЪءʻ',
        'oollddddhhiittffnnkaaaabbggddeezziittiikkllmmnnxxoopprrsssttyyffhhppooaabbvvggddeejjzziikkllmmnnoopprrssttuuffhhccccssssyyeeuuaaiieeggddjjllnnccddzzaaggkknnoouuuuhhabgdhvzhtykklmmnnsappcckrstabttjhhddrzsssdtzagfqkklmnhwyyyhpcjg01234567890123456789'
    );
    said := replace(replace(said, 'ẞ', 'ss'), 'ß', 'ss');
    said := replace(replace(said, 'Æ', 'ae'), 'æ', 'ae');
    said := replace(replace(said, 'Œ', 'oe'), 'œ', 'oe');
    said := replace(replace(said, 'Þ', 'th'), 'þ', 'th');
    RETURN lower(said COLLATE "C");
END
$$;

-- What the desk knows of a client beyond how they are reached. Flags are short words that are shown
-- wherever the client is, such as an allergy.
ALTER TABLE client ADD COLUMN notes text;
ALTER TABLE client ADD COLUMN flags text[] NOT NULL DEFAULT '{}';
ALTER TABLE client ADD COLUMN erased_at timestamptz; -- the row stays for the books, as nobody's
-- The client whose this one turned out to be; always one that is itself nobody else's.
ALTER TABLE client ADD COLUMN merged_into uuid;
ALTER TABLE client ADD CONSTRAINT client_merged_into
    FOREIGN KEY (business_id, merged_into) REFERENCES client (business_id, client_id);
-- By what a client is found: name, mail address, digits of the number, each with a space before it,
-- so that the beginning of a word can be asked for. Bounded, as an index holds it.
ALTER TABLE client ADD COLUMN found_by text COLLATE "C" GENERATED ALWAYS AS (
    ' ' || left(client_folded(name), 200)
    || ' ' || left(client_folded(coalesce(email, '')), 254)
    || ' ' || left(regexp_replace(split_part(coalesce(phone, ''), ';', 1), '[^0-9]', '', 'g'), 40)
) STORED;
CREATE INDEX client_by_name ON client (business_id, found_by, client_id);
CREATE INDEX client_of_email ON client (business_id, email) WHERE email IS NOT NULL;
CREATE INDEX client_of_phone ON client (business_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX client_merged ON client (business_id, merged_into) WHERE merged_into IS NOT NULL;

-- Any part of it is found by an index where the database has the extensions for one. A database of
-- somebody else's may refuse them; then the search reads a business's clients one by one, which is
-- slower, and `bookonce doctor` says so.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;
    CREATE INDEX client_found ON client USING gin (business_id, found_by gin_trgm_ops)
        WITH (gin_pending_list_limit = 1024);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'clients are searched without an index: %', SQLERRM;
END
$$;

-- What was one client and what another, before they were merged: enough to tell them apart again.
CREATE TABLE client_merge (
    business_id     uuid NOT NULL,
    client_id       uuid NOT NULL,   -- the one that went
    into_id         uuid NOT NULL,   -- the one it went into
    client_before   jsonb NOT NULL,  -- both as they were
    into_before     jsonb NOT NULL,
    into_after      jsonb NOT NULL,  -- the one that stays, as the merge left it
    appointment_ids uuid[] NOT NULL, -- those that were the one's that went
    merged_at       timestamptz NOT NULL,
    PRIMARY KEY (business_id, client_id),
    FOREIGN KEY (business_id, client_id) REFERENCES client,
    FOREIGN KEY (business_id, into_id) REFERENCES client
);
CREATE INDEX client_merge_into ON client_merge (business_id, into_id);

-- A file of clients that was sent in: first looked at, then taken in whole or not at all. It is kept
-- for some days, for its report.
CREATE TABLE client_import (
    business_id   uuid NOT NULL REFERENCES business,
    import_id     uuid NOT NULL,
    file_name     text NOT NULL,
    rows          bytea NOT NULL,    -- compressed JSON: line by line, the cells; empty when done
    has_head      boolean NOT NULL,  -- whether the first line names the columns
    row_count     integer NOT NULL,
    mapping       text[] NOT NULL,   -- what each column is, in order; empty: nothing of ours
    existing      text NOT NULL CHECK (existing IN ('fill', 'skip')),
    status        text NOT NULL CHECK (status IN ('ready', 'queued', 'done', 'failed')),
    done_count    integer NOT NULL DEFAULT 0,
    created_count integer NOT NULL DEFAULT 0,
    changed_count integer NOT NULL DEFAULT 0,
    skipped_count integer NOT NULL DEFAULT 0,
    bad           jsonb NOT NULL DEFAULT '[]', -- [[line, reason], …]
    actor         jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    PRIMARY KEY (business_id, import_id)
);

-- Why somebody did something is free text in which a client's name can stand. The role that serves
-- can't change what happened; erasing a client takes just these texts out, by the owner's leave.
CREATE FUNCTION erase_reasons(business uuid, appointments uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE event SET data = data - 'reason' - 'overbooked'
    WHERE business_id = business AND appointment_id = ANY (appointments)
      AND data ?| ARRAY['reason', 'overbooked']
$$;
REVOKE ALL ON FUNCTION erase_reasons FROM PUBLIC;

CREATE OR REPLACE FUNCTION grant_runtime(runtime name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    relation record;
    rights text;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), runtime);
    FOR relation IN
        SELECT oid::regclass AS name, relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    LOOP
        rights := CASE relation.relname
            WHEN 'event' THEN 'SELECT, INSERT, UPDATE (is_unrelayed)'
            WHEN 'ledger_entry' THEN 'SELECT, INSERT'
            WHEN 'schema_migration' THEN 'SELECT'
            ELSE 'SELECT, INSERT, UPDATE, DELETE'
        END;
        EXECUTE format('REVOKE ALL ON %s FROM %I', relation.name, runtime);
        EXECUTE format('GRANT %s ON %s TO %I', rights, relation.name, runtime);
    END LOOP;
    EXECUTE format('GRANT EXECUTE ON FUNCTION erase_reasons TO %I', runtime);
END
$$;

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
