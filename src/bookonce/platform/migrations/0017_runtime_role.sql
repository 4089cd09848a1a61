-- migrate:up

-- What a role may do that serves requests and does jobs, while another one owns the tables: read and
-- write rows. Not the schema; and what happened and the books only by adding to them, but for the
-- mark that an event was relayed. Run after each migration, since that may have made tables:
--     SELECT grant_runtime('bookonce_runtime');
CREATE FUNCTION grant_runtime(runtime name) RETURNS void LANGUAGE plpgsql AS $$
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
END
$$;
REVOKE ALL ON FUNCTION grant_runtime FROM PUBLIC;

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
