-- migrate:up

-- What visitors answered when they booked, each with the question as it was asked. They go with the
-- client's particulars.
ALTER TABLE appointment ADD COLUMN answers jsonb;

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
