-- migrate:up

-- Several locations, each with its own clock and, if it wants, its own hours. The zone of a
-- business that lists no location is its own; its one location stays unlisted.
ALTER TABLE business ADD COLUMN timezone text;
UPDATE business SET timezone = location.timezone
FROM location WHERE location.business_id = business.business_id;
ALTER TABLE business ALTER COLUMN timezone SET NOT NULL;

ALTER TABLE location ALTER COLUMN timezone DROP NOT NULL; -- null: that of the business
UPDATE location SET timezone = NULL;
ALTER TABLE location
    ADD COLUMN address  text NOT NULL DEFAULT '',
    -- As the business file has them. Null: open whenever somebody works there.
    ADD COLUMN hours    jsonb,
    ADD COLUMN dates    jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN listed   boolean NOT NULL DEFAULT true,
    ADD COLUMN active   boolean NOT NULL DEFAULT true,
    ADD COLUMN position integer NOT NULL DEFAULT 1;
UPDATE location SET listed = false;

-- Rooms and equipment are of a kind that the business names; people are of the kind 'staff'.
ALTER TABLE resource DROP CONSTRAINT resource_kind_check;
ALTER TABLE resource
    ADD COLUMN location_id uuid, -- where a room or a device stands; people are where they work
    ADD FOREIGN KEY (business_id, location_id) REFERENCES location;

-- A visit in phases: [{"duration_min": 30}, {"duration_min": 30, "staff": false}]; none: the
-- performer is there all the time. `needs`: the kinds of which it takes one each.
ALTER TABLE service
    ADD COLUMN phases     jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN needs      text[] NOT NULL DEFAULT '{}',
    -- true: at every location, new ones too; false: at those in service_location
    ADD COLUMN everywhere boolean NOT NULL DEFAULT true;

CREATE TABLE service_location (
    business_id uuid NOT NULL,
    service_id  uuid NOT NULL,
    location_id uuid NOT NULL,
    PRIMARY KEY (business_id, service_id, location_id),
    FOREIGN KEY (business_id, service_id) REFERENCES service,
    FOREIGN KEY (business_id, location_id) REFERENCES location
);

-- In which transaction a claim was made, and whose claims a transaction gave back: so that a reader
-- who knows all claims as of one snapshot can ask what has changed since, exactly; see
-- docs/decisions/0011. Every statement that deletes claims writes the second.
ALTER TABLE claim ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX claim_by_transaction ON claim (business_id, xid);

CREATE TABLE claim_release (
    business_id uuid NOT NULL,
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    resource_id uuid NOT NULL,
    PRIMARY KEY (business_id, xid, resource_id),
    FOREIGN KEY (business_id, resource_id) REFERENCES resource
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
