import type { Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { Entered } from './quote-repository.ts';

const texts = (values: readonly string[]) => sql`${sql.param([...values])}::text[]`;

/** Notes wrong codes, each once for its owner and once for the address. */
export const noteGuesses = async (
  tx: Transaction,
  guesses: readonly Entered[],
  address: string | null,
): Promise<void> => {
  await tx.execute(sql`
    with guess as (
      select kind || ' ' || id as owner, key from unnest(${texts(guesses.map(({ kind }) => kind))},
        ${texts(guesses.map(({ id }) => id))}, ${texts(guesses.map(({ key }) => key))}) as guess (kind, id, key))
    insert into coupon_guesses as known (owner, coupon_key)
    select owner, key from guess
    union select 'address ' || network_of(${address}), key from guess where ${address}::text is not null
    order by 1, 2
    on conflict (owner, coupon_key) do update set guessed_at = now()
      where known.guessed_at < now() - interval '1 hour'`);
};

/** So many in one transaction, so that nobody waits for it. */
export const forgottenAtOnce = 5_000;

/** Forgets guesses that count no more: an owner's after a day, an address's after an hour. Answers how many. */
export const forgetGuesses = async (tx: Transaction): Promise<number> => {
  const rows = await tx.execute(sql`delete from coupon_guesses where ctid = any(array(
    select ctid from coupon_guesses
    where guessed_at < now() - case when owner like 'address %' then interval '1 hour' else interval '1 day' end
    limit ${forgottenAtOnce} for update skip locked)) returning 1 as forgotten`);
  return rows.length;
};
