import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { Entered } from './quote-repository.ts';

const texts = (values: readonly string[]) => sql`${sql.param([...values])}::text[]`;

/** Takes a try of an address at codes, before they are looked up: see `take_guesses`. */
export const takeGuesses = async (
  reader: Reader,
  address: string,
  {
    keys,
    free,
    longestSeconds,
  }: { readonly keys: readonly string[]; readonly free: number; readonly longestSeconds: number },
): Promise<{ readonly isBarred: boolean; readonly fresh: readonly string[] }> => {
  const [row] = await reader.execute<{ isBarred: boolean; fresh: string[] }>(sql`
    select is_barred as "isBarred", fresh
    from take_guesses('address ' || network_of(${address}), ${texts(keys)}, ${free}, ${longestSeconds})`);
  if (!row) throw new Error('A function gave no row.');
  return row;
};

/** Says that codes an address has tried were none of the wrong ones. */
export const forgiveGuesses = async (
  reader: Reader,
  address: string,
  keys: readonly string[],
): Promise<void> => {
  await reader.execute(sql`update coupon_guesses set is_wrong = false
    where owner = 'address ' || network_of(${address}) and coupon_key = any(${texts(keys)})`);
};

/** Notes wrong codes, each once for its owner. */
export const noteGuesses = async (tx: Transaction, guesses: readonly Entered[]): Promise<void> => {
  await tx.execute(sql`
    insert into coupon_guesses as known (owner, coupon_key)
    select kind || ' ' || id, key from unnest(${texts(guesses.map(({ kind }) => kind))},
      ${texts(guesses.map(({ id }) => id))}, ${texts(guesses.map(({ key }) => key))}) as guess (kind, id, key)
    order by 1, 2
    on conflict (owner, coupon_key) do update set guessed_at = now()
      where known.guessed_at < now() - interval '1 day'`);
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
