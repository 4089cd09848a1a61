-- migrate:up

-- What a business that was opened in the browser has still to do, for as long as its owner wants to
-- see it. What can be read off the business itself isn't kept here.
CREATE TABLE first_steps (
    business_id  uuid PRIMARY KEY REFERENCES business,
    opened_at    timestamptz NOT NULL,
    shared_at    timestamptz, -- when they said that the link of the booking page is shared
    dismissed_at timestamptz  -- when they had seen enough of the list
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
