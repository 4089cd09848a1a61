-- migrate:up

-- The queue: what is to be done after something happened, or at a time. It is worked on across
-- businesses, so it isn't sharded by them (nor are its neighbours below), and it holds ids only:
-- whoever does a job reads what it needs.
CREATE TABLE job (
    -- Made from what the job is for (an event and a name, or a schedule), so that putting it in
    -- twice is putting it in once, for as long as the row is kept.
    job_id         uuid PRIMARY KEY,
    name           text NOT NULL,
    business_id    uuid,
    event_id       uuid,
    appointment_id uuid,
    status         text NOT NULL CHECK (status IN ('waiting', 'running', 'done', 'dead')),
    run_at         timestamptz NOT NULL DEFAULT now(), -- not before
    -- Counted when one begins, so that a job that ends its worker is given up, too. Together with
    -- the worker it tells an attempt from the next: only the attempt that holds a job ends it.
    attempts       integer NOT NULL DEFAULT 0,
    attempts_max   integer NOT NULL CHECK (attempts_max >= 1),
    worker_id      uuid,
    error          text,        -- of the last attempt that failed: its type and first line
    created_at     timestamptz NOT NULL DEFAULT now(),
    ended_at       timestamptz,
    CHECK ((status = 'running') = (worker_id IS NOT NULL)),
    CHECK ((status IN ('done', 'dead')) = (ended_at IS NOT NULL))
);
CREATE INDEX job_waiting ON job (run_at) WHERE status = 'waiting';
CREATE INDEX job_running ON job (worker_id) WHERE status = 'running';
CREATE INDEX job_ended ON job (status, ended_at) WHERE ended_at IS NOT NULL;

-- Who works. The jobs of a worker that isn't seen for a while are taken by others.
CREATE TABLE job_worker (
    worker_id  uuid PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now()
);

-- When what is done regularly is due next; whoever moves the time on puts the job in.
CREATE TABLE job_schedule (
    name    text PRIMARY KEY,
    next_at timestamptz NOT NULL
);

-- How attempts ended, counted since the beginning.
CREATE TABLE job_outcome (
    name    text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'retried', 'dead', 'lost')),
    total   bigint NOT NULL,
    PRIMARY KEY (name, outcome)
);

-- Which transactions had ended at a time, on which server: rows of claim_release whose number is
-- lower than that of a mark are older than the mark.
CREATE TABLE transaction_mark (
    server     text NOT NULL,
    marked_at  timestamptz NOT NULL DEFAULT now(),
    ended_xid  xid8 NOT NULL, -- every transaction with a lower number had ended
    PRIMARY KEY (server, marked_at)
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
