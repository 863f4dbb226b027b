import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { Cart, Owner } from './domain.ts';
import { type CartRow, cartOf, columns, contentOf } from './repository.ts';
import type { Found, Intent, Outcome } from './write-domain.ts';

/** Many carts in one statement each: what comes at once waits for the disk once. */

/** Whose cart, and what was answered to which key. */
export type Wanted = { readonly owner: Owner; readonly intent: Intent | null };

/** Carts of owners, and what was answered to keys before, in the order asked. */
export const findCarts = async (reader: Reader, wanted: readonly Wanted[]): Promise<Found[]> => {
  const asked = wanted.map(({ owner, intent }, place) => ({
    ...{ place, kind: owner.kind, owner: owner.id },
    ...{ scope: intent?.scope, operation: intent?.operation, key: intent?.key },
  }));
  type Row = CartRow & {
    cart_id: string | null;
    place: number;
    fingerprint: Buffer | null;
    outcome: Outcome;
  };
  const rows = await reader.execute<Row>(sql`
    select place, carts.*, kept.fingerprint, kept.outcome
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as asked
      (place integer, kind text, owner text, scope text, operation text, key text)
    left join carts on owner_kind = asked.kind and owner_id = asked.owner
    left join idempotency_keys as kept using (scope, operation, key)`);
  const byPlace = new Map([...rows].map((row) => [row.place, row]));
  return wanted.map((_one, place) => {
    const row = byPlace.get(place);
    return {
      cart: row?.cart_id ? cartOf(row) : null,
      kept: row?.fingerprint ? { fingerprint: row.fingerprint, outcome: row.outcome } : null,
    };
  });
};

/** The next version of a cart, with the key that asked for it. */
export type Save = {
  readonly cart: Cart;
  readonly expectedVersion: number;
  readonly intent: Intent;
  readonly outcome: Outcome;
};

/** Writes several carts, none of them twice, as `saveCart` does. Answers of each whether it was written. */
export const saveCarts = async (reader: Reader, saves: readonly Save[]): Promise<boolean[]> => {
  const asked = saves.map(({ cart, expectedVersion, intent, outcome }, place) => ({
    ...{ place, id: cart.id, expected: expectedVersion, next: cart.version },
    ...{ kind: cart.owner.kind, owner: cart.owner.id, made: cart.createdAt },
    ...{ content: contentOf(cart), at: cart.updatedAt },
    ...{ scope: intent.scope, operation: intent.operation, key: intent.key },
    ...{ fingerprint: intent.fingerprint.toString('hex'), outcome },
  }));
  const rows = await reader.execute<{ place: number }>(sql`
    with asked as (
      select * from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as asked
        (place integer, id uuid, expected integer, next integer, kind text, owner text, made timestamptz,
         content jsonb, at timestamptz, scope text, operation text, key text, fingerprint text, outcome jsonb)
    ), added as (
      -- In one order, and before the others, so that batches of several processes never wait for each other in a circle.
      insert into carts (${columns})
      select id, kind, owner, next, content, made, at from asked where expected = 0 order by kind, owner
      on conflict (owner_kind, owner_id) do nothing returning cart_id
    ), locked as (
      select asked.* from asked join carts on cart_id = id and carts.version = expected
      where (select count(*) from added) >= 0
      order by cart_id for update of carts
    ), saved as (
      update carts set version = locked.next, content = locked.content,
        updated_at = locked.at, abandoned_at = null
      from locked where cart_id = locked.id
      returning place
    ), written as (
      select place from saved union all select place from asked join added on cart_id = id
    ), kept as (
      insert into idempotency_keys (scope, operation, key, fingerprint, outcome)
      select scope, operation, key, decode(fingerprint, 'hex'), outcome from asked join written using (place)
    )
    select place from written`);
  const written = new Set([...rows].map(({ place }) => place));
  return saves.map((_save, index) => written.has(index));
};
