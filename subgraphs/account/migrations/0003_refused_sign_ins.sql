-- Refused sign-ins that are not in the audit log yet, summed up by account: a flood makes no more rows than there are
-- accounts, and a few entries of a chain that is kept for ever. Addresses that nobody has are one row, of zeros.
create table refused_sign_ins (
  account_id uuid primary key,
  refused integer not null,
  delayed integer not null,
  since timestamptz not null default clock_timestamp(),
  until timestamptz not null default clock_timestamp()
);
create index refused_sign_ins_due on refused_sign_ins (since);
