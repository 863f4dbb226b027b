-- The facts this subgraph publishes. The sequence has no gaps and grows in the order of commits, because
-- whoever numbers facts holds the head row until its commit: a reader needs no more than `sequence > last`.
create table outbox (
  sequence bigint primary key,
  type text not null,
  version integer not null check (version > 0),
  aggregate_id text not null,
  data jsonb not null,
  occurred_at timestamptz not null default now()
);

create table outbox_head (
  is_head boolean primary key default true check (is_head),
  sequence bigint not null check (sequence >= 0)
);
insert into outbox_head (sequence) values (0);

-- One statement numbers and writes any number of facts. Send it last in a transaction: from here to the
-- commit nobody else of this subgraph can number facts.
create function append_facts(types text[], versions integer[], aggregate_ids text[], payloads jsonb[])
returns bigint language sql as $$
  with head as (
    update outbox_head set sequence = sequence + cardinality(types)
    where cardinality(types) > 0
    returning sequence
  ),
  written as (
    insert into outbox (sequence, type, version, aggregate_id, data)
    select head.sequence - cardinality(types) + fact.place, fact.type, fact.version, fact.aggregate_id, fact.data
    from head, unnest(types, versions, aggregate_ids, payloads)
      with ordinality as fact (type, version, aggregate_id, data, place)
  )
  select sequence from head
$$;

-- How far each consumer here has taken in each publisher's facts, written with the effect itself.
create table consumed (
  consumer text not null,
  publisher text not null,
  sequence bigint not null check (sequence >= 0),
  primary key (consumer, publisher)
);

-- Facts a consumer could not take in after all its tries, with the reason. An operator decides what to do.
create table dead_letters (
  consumer text not null,
  publisher text not null,
  sequence bigint not null,
  type text not null,
  data jsonb not null,
  reason text not null,
  failed_at timestamptz not null default now(),
  primary key (consumer, publisher, sequence)
);
