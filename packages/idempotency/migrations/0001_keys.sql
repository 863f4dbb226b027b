-- What was answered to each key, written with the effect itself. Rows live 24 hours; what protects money or
-- stock is unique forever in a table of its own.
create table idempotency_keys (
  scope text not null,
  operation text not null,
  key text not null,
  fingerprint bytea not null,
  outcome jsonb,
  created_at timestamptz not null default now(),
  primary key (scope, operation, key)
) with (fillfactor = 80);

create index idempotency_keys_created_at on idempotency_keys using brin (created_at);
