create type account_state as enum ('ACTIVE', 'SUSPENDED', 'ERASED');
create type account_role as enum ('customer', 'support', 'merchandiser', 'warehouse', 'finance', 'admin');

-- Somebody whose address is verified. What authenticators, links and refresh tokens hold is derived from these ids
-- and a secret that is not in the database, so that whoever reads it can sign in as nobody.
create table accounts (
  account_id uuid primary key,
  role account_role not null,
  state account_state not null default 'ACTIVE',
  email text,
  -- The address as it is compared: in small letters.
  email_key text unique,
  -- Of staff; customers say theirs in their profile.
  name text,
  password_hash text,
  password_changed_at timestamptz not null,
  email_verified_at timestamptz not null,
  created_at timestamptz not null,
  -- The enrolment that the authenticator's secret is derived from, and since when a code of it is asked for.
  totp_id uuid,
  totp_enabled_at timestamptz,
  -- The step of the last code that was taken: each counts once.
  totp_last_step bigint not null default 0,
  -- The batch that the recovery codes are derived from, and a bit for each one that was used.
  recovery_id uuid,
  recovery_used integer not null default 0 check (recovery_used between 0 and 1023),
  constraint an_erased_account_knows_nobody check (
    (state = 'ERASED') = (email is null) and (email is null) = (email_key is null)
    and (state <> 'ERASED' or (password_hash is null and name is null))),
  constraint an_enabled_factor_is_enrolled check (totp_enabled_at is null or (totp_id is not null and recovery_id is not null))
);
create index accounts_staff on accounts (name) where role <> 'customer';

-- Accounts asked for whose address nobody has proved yet. Any number for one address: whoever has both the mail and
-- the password of one gets the account.
create table sign_ups (
  sign_up_id uuid primary key,
  email text not null,
  email_key text not null,
  password_hash text not null,
  guest_id uuid,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index sign_ups_due on sign_ups (expires_at);
create index sign_ups_of_email on sign_ups (email_key, sign_up_id) where used_at is null;

create type link_purpose as enum ('RESET', 'INVITE', 'EMAIL_CHANGE');

-- What mails ask to confirm.
create table links (
  link_id uuid primary key,
  purpose link_purpose not null,
  account_id uuid not null references accounts,
  new_email text check ((new_email is not null) = (purpose = 'EMAIL_CHANGE')),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index links_due on links (expires_at);
create index links_of_account on links (account_id);

-- A device that is signed in: a family of refresh tokens, of which only the one of this generation holds.
create table sessions (
  session_id uuid primary key,
  account_id uuid not null references accounts,
  device_name text,
  generation integer not null default 0,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index sessions_of_account on sessions (account_id) where ended_at is null;
create index sessions_due on sessions (expires_at);

-- A sign-in that waits for its second factor.
create table challenges (
  challenge_id uuid primary key,
  account_id uuid not null references accounts,
  guest_id uuid,
  device_name text,
  expires_at timestamptz not null,
  wrong_codes integer not null default 0,
  used_at timestamptz
);
create index challenges_due on challenges (expires_at);

-- Attempts by what they have in common. A subject is a keyed hash: nobody reads here who has tried what from where.
create table attempts (
  subject text primary key,
  failures integer not null,
  next_at timestamptz not null,
  last_at timestamptz not null
);
create index attempts_due on attempts (last_at);

-- Takes an attempt for all subjects, or answers how many seconds it has to wait for one of them. Counting comes before
-- looking, so that many at once are counted as many in a row. From the (free + 1)th on, each failure doubles the wait.
create function take_attempt(subjects text[], free integer[], cap_seconds integer, memory interval)
returns integer language plpgsql as $$
declare
  at timestamptz := clock_timestamp();
  waits integer;
begin
  insert into attempts (subject, failures, next_at, last_at)
  select subject, 0, at, at from unnest(subjects) as subject order by subject
  on conflict do nothing;
  perform 1 from attempts where subject = any (subjects) order by subject for update;
  at := clock_timestamp();
  update attempts set failures = 0, next_at = at where subject = any (subjects) and last_at < at - memory;
  select ceil(extract(epoch from max(next_at) - at)) into waits from attempts
  where subject = any (subjects) and next_at > at;
  if waits is not null then return greatest(waits, 1); end if;
  update attempts set
    failures = failures + 1,
    last_at = at,
    next_at = case when failures + 1 < wanted.free then at
      else at + least(cap_seconds, power(2, least(failures + 1 - wanted.free, 20))) * interval '1 second' end
  from unnest(subjects, take_attempt.free) as wanted (subject, free)
  where attempts.subject = wanted.subject;
  return 0;
end
$$;

create type mail_state as enum ('PENDING', 'SENT', 'DROPPED', 'FAILED');

-- Mails to write and to send. What a mail says is decided when it is written, which is after the answer: so no answer
-- takes longer where an address has an account.
create table mails (
  mail_id uuid primary key,
  kind text not null,
  email text not null,
  email_key text not null,
  account_id uuid,
  sign_up_id uuid,
  new_email text,
  created_at timestamptz not null default now(),
  state mail_state not null default 'PENDING',
  -- Nobody else takes it before: a lease while it is being sent, a pause after a failure.
  next_at timestamptz not null default now(),
  tries integer not null default 0,
  failure text,
  ended_at timestamptz,
  -- Of mails that go nowhere but into the mailbox.
  subject text,
  body text
);
create index mails_pending on mails (next_at) where state = 'PENDING';
create index mails_written on mails (mail_id) where body is not null;
create index mails_to on mails (email_key, kind, created_at);

-- Those whose word is taken for an account.
create table identities (
  identity_id uuid primary key,
  account_id uuid not null references accounts,
  provider text not null,
  issuer text not null,
  subject text not null,
  email text,
  linked_at timestamptz not null,
  unique (issuer, subject)
);
create index identities_of_account on identities (account_id);

-- Ways to a provider that nobody has come back from yet.
create table identity_flows (
  flow_id uuid primary key,
  provider text not null,
  redirect_uri text not null,
  -- The account that began it, which links; null signs in.
  account_id uuid references accounts,
  guest_id uuid,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index identity_flows_due on identity_flows (expires_at);

-- The audit log. Each entry holds the hash of the one before it, so that none can be changed, taken out or put in
-- without all later ones being other; the head says how many there are.
create table audit_entries (
  entry_id bigint primary key,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject_id uuid not null,
  details jsonb not null,
  previous bytea not null,
  hash bytea not null
);
create index audit_entries_of_subject on audit_entries (subject_id, entry_id);
create index audit_entries_by_actor on audit_entries (actor, entry_id);

create table audit_head (
  is_only boolean primary key default true check (is_only),
  entry_id bigint not null,
  hash bytea not null
);
insert into audit_head (entry_id, hash) values (0, '');

create function audit_hash(entry audit_entries) returns bytea language sql immutable as $$
  select sha256(convert_to(jsonb_build_array(
    encode(entry.previous, 'hex'), entry.entry_id, to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    entry.actor, entry.action, entry.subject_id, entry.details)::text, 'UTF8'))
$$;

-- Appends entries in order. It holds the head until the commit, so it is sent last, together with it.
create function append_audit(actors text[], actions text[], subjects uuid[], all_details jsonb[])
returns void language plpgsql as $$
declare
  head audit_head;
  entry audit_entries;
  place integer;
begin
  -- Facts are numbered under this lock. Taken first whichever is written first, so that no two wait for each other.
  perform 1 from outbox_head for update;
  select * into head from audit_head for update;
  for place in 1 .. cardinality(actions) loop
    entry := row(head.entry_id + 1, clock_timestamp(), actors[place], actions[place], subjects[place],
      all_details[place], head.hash, '');
    entry.hash := audit_hash(entry);
    insert into audit_entries select entry.*;
    head.entry_id := entry.entry_id;
    head.hash := entry.hash;
  end loop;
  update audit_head set entry_id = head.entry_id, hash = head.hash;
end
$$;

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'The audit log is append-only: write an entry that says what was wrong.';
end
$$;
create trigger audit_entries_are_append_only before update or delete or truncate on audit_entries
  for each statement execute function refuse_audit_change();
