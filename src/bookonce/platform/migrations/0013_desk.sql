-- migrate:up

-- Who books by themselves is known by their mail address. Who works there may write down several
-- people with one address, such as a mother and her child, and people without any; at most one of
-- those with an address is the one that a visitor with it is taken for.
ALTER TABLE client DROP CONSTRAINT client_business_id_email_key;
ALTER TABLE client ADD COLUMN is_known_by_email boolean NOT NULL DEFAULT true;
CREATE UNIQUE INDEX client_known_by_email ON client (business_id, email) WHERE is_known_by_email;

-- A walk-in is nobody's: nobody was asked who they are.
ALTER TABLE appointment ALTER COLUMN client_id DROP NOT NULL;

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
