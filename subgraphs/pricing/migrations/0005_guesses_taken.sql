-- What an address tries is noted before it is looked at, and right ones are marked as such afterwards.
alter table coupon_guesses add column is_wrong boolean not null default true;

-- Takes a try of an address at some codes, one caller after the other: carts that were filled first and are all
-- looked at together count as much as one after the other. Answers whether it has to wait, and else which codes
-- were not tried before. After the free ones each wrong code doubles the wait, up to a longest.
create function take_guesses(subject text, keys text[], free integer, longest_seconds integer,
  out is_barred boolean, out fresh text[]) language plpgsql as $$
declare
  wrong integer;
  last_at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended(subject, 0));
  select count(*), max(guessed_at) into wrong, last_at from coupon_guesses
  where owner = subject and is_wrong and guessed_at > clock_timestamp() - interval '1 hour';
  is_barred := wrong > free
    and clock_timestamp() < last_at + make_interval(secs => least(2 ^ least(wrong - free, 20), longest_seconds));
  fresh := '{}';
  if not is_barred then
    with written as (
      insert into coupon_guesses as known (owner, coupon_key, guessed_at)
      select subject, key, clock_timestamp() from unnest(keys) as key
      where not exists (select from coupon_guesses where owner = subject and coupon_key = key
        and guessed_at > clock_timestamp() - interval '1 hour')
      on conflict (owner, coupon_key) do update set guessed_at = excluded.guessed_at, is_wrong = true
      returning known.coupon_key)
    select coalesce(array_agg(coupon_key), '{}') into fresh from written;
  end if;
end
$$;
