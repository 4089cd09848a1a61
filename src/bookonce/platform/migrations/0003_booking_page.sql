-- migrate:up

-- How the booking page looks and which sites may frame it, as the business file has it.
ALTER TABLE business ADD COLUMN page jsonb NOT NULL DEFAULT '{}';

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
