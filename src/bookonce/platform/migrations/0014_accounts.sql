-- migrate:up

-- Who signs in to the office. An account is the installation's, because one person may belong to
-- several businesses; so none of these tables is sharded by business, and none has a foreign key to
-- one that is. They are small, and every node of a sharded installation has a copy of each.

CREATE TABLE account (
    account_id    uuid PRIMARY KEY,
    email         text NOT NULL UNIQUE, -- as it is compared: in small letters
    name          text NOT NULL,
    language      text,                 -- what the office speaks to them; null: as their browser says
    password_hash text,                 -- argon2; null: they sign in by passkey or link
    totp_sealed   bytea,                -- the secret of the second factor, sealed; null: none
    totp_step     bigint,               -- the last step of time whose code was used
    totp_proposed bytea,                -- a secret that was shown and isn't confirmed yet, sealed
    may_open      boolean NOT NULL DEFAULT false, -- whether they may open a business here
    created_at    timestamptz NOT NULL
);

-- What an account is in a business.
CREATE TABLE membership (
    business_id uuid NOT NULL,
    account_id  uuid NOT NULL REFERENCES account,
    role        text NOT NULL CHECK (role IN ('owner', 'manager', 'reception', 'staff')),
    staff_key   text,                        -- whose calendar is their own; null: none
    granted     text[] NOT NULL DEFAULT '{}', -- rights beyond those of the role
    withheld    text[] NOT NULL DEFAULT '{}', -- rights of the role that they don't have
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (business_id, account_id)
);
CREATE INDEX membership_of_account ON membership (account_id);

-- A browser that is signed in. The cookie has the id, of which only a hash is stored.
CREATE TABLE session (
    session_hash bytea PRIMARY KEY,
    session_id   uuid NOT NULL UNIQUE, -- names it in the list of sessions
    account_id   uuid NOT NULL REFERENCES account,
    lacks_code   boolean NOT NULL,     -- the password was right, the second factor isn't shown yet
    is_to_rotate boolean NOT NULL DEFAULT false, -- gets another id with its next page
    created_at   timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    idle_ends_at timestamptz NOT NULL, -- when it ends unless it is used
    ends_at      timestamptz NOT NULL, -- when it ends in any case
    proved_at    timestamptz NOT NULL, -- when they last proved who they are
    user_agent   text NOT NULL         -- the browser and the system, in short
);
CREATE INDEX session_of_account ON session (account_id);
CREATE INDEX session_by_end ON session (ends_at);

-- Links that are good once: an invitation to a business, a way to sign in, the first owner's.
CREATE TABLE account_link (
    token_hash  bytea PRIMARY KEY,
    link_id     uuid NOT NULL UNIQUE, -- names it in the list of invitations
    kind        text NOT NULL CHECK (kind IN ('invitation', 'sign_in', 'first_owner')),
    email       text,                 -- null: the first owner's, who says it
    name        text NOT NULL DEFAULT '',
    business_id uuid,                 -- of an invitation, as is all that follows
    role        text CHECK (role IN ('owner', 'manager', 'reception', 'staff')),
    staff_key   text,
    granted     text[] NOT NULL DEFAULT '{}',
    withheld    text[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    CONSTRAINT account_link_whole CHECK (
        (kind = 'invitation') = (business_id IS NOT NULL AND role IS NOT NULL)
        AND (kind = 'first_owner' OR email IS NOT NULL))
);
CREATE INDEX account_link_of_business ON account_link (business_id, expires_at);
CREATE INDEX account_link_by_end ON account_link (expires_at);

-- Ways in when the second factor is lost; each is good once.
CREATE TABLE recovery_code (
    account_id uuid NOT NULL REFERENCES account,
    code_hash  bytea NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

CREATE TABLE passkey (
    credential_id bytea PRIMARY KEY,
    passkey_id    uuid NOT NULL UNIQUE,
    account_id    uuid NOT NULL REFERENCES account,
    public_key    bytea NOT NULL,
    sign_count    bigint NOT NULL,
    name          text NOT NULL,
    created_at    timestamptz NOT NULL,
    used_at       timestamptz
);
CREATE INDEX passkey_of_account ON passkey (account_id);

-- What a passkey has to sign; each is good once. Account null: to sign in, whoever it is.
CREATE TABLE passkey_challenge (
    challenge  bytea PRIMARY KEY,
    account_id uuid REFERENCES account,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenge_by_end ON passkey_challenge (expires_at);

-- How often somebody tried to sign in and failed, by a hash of what is counted: an address, a
-- network, both. One row each, so that all workers wait for one another at it.
CREATE TABLE sign_in_attempt (
    key_hash bytea PRIMARY KEY,
    failures integer NOT NULL CHECK (failures > 0),
    last_at  timestamptz NOT NULL,
    ready_at timestamptz NOT NULL -- no further try before
);
CREATE INDEX sign_in_attempt_by_time ON sign_in_attempt (last_at);

-- Networks from which an account has signed in: strangers' failures don't slow these down.
CREATE TABLE known_network (
    account_id   uuid NOT NULL REFERENCES account,
    network_hash bytea NOT NULL,
    seen_at      timestamptz NOT NULL,
    PRIMARY KEY (account_id, network_hash)
);

-- The addresses at which servers of this installation have said that they answer, for the links
-- that commands print.
CREATE TABLE served_address (
    address text PRIMARY KEY,
    at      timestamptz NOT NULL
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
