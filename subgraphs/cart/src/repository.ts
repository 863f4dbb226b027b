import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { Cart, Content, Owner } from './domain.ts';
import type { Found, Intent, Outcome } from './write-domain.ts';

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether text is an id at all. One that is not finds nothing, and Postgres would refuse to look for it. */
export const isId = (text: string): boolean => uuid.test(text);

export type CartRow = {
  readonly cart_id: string;
  readonly owner_kind: Owner['kind'];
  readonly owner_id: string;
  readonly version: number;
  readonly content: Content;
  readonly created_at: Date | string;
  readonly updated_at: Date | string;
};

export const cartOf = (row: CartRow): Cart => ({
  ...row.content,
  id: row.cart_id,
  owner: { kind: row.owner_kind, id: row.owner_id },
  version: row.version,
  createdAt: new Date(row.created_at).toISOString(),
  updatedAt: new Date(row.updated_at).toISOString(),
});

export const contentOf = ({ id, owner, version, createdAt, updatedAt, ...content }: Cart): Content => content;
const contentText = (cart: Cart): string => JSON.stringify(contentOf(cart));

export const columns = sql`cart_id, owner_kind, owner_id, version, content, created_at, updated_at`;

/** An owner's cart, and what was answered to the key before. One statement. */
export const findCart = async (reader: Reader, owner: Owner, intent: Intent | null): Promise<Found> => {
  const [row] = await reader.execute<
    CartRow & { cart_id: string | null; fingerprint: Buffer; outcome: Outcome }
  >(
    intent
      ? sql`select carts.*, kept.fingerprint, kept.outcome from (values (1)) as one
          left join carts on owner_kind = ${owner.kind} and owner_id = ${owner.id}
          left join idempotency_keys as kept on scope = ${intent.scope}
            and operation = ${intent.operation} and key = ${intent.key}`
      : sql`select ${columns} from carts where owner_kind = ${owner.kind} and owner_id = ${owner.id}`,
  );
  return {
    cart: row?.cart_id ? cartOf(row) : null,
    kept: row?.fingerprint ? { fingerprint: row.fingerprint, outcome: row.outcome } : null,
  };
};

/** What was answered to a key. */
export type Kept = {
  readonly operation: string;
  readonly key: string;
  readonly fingerprint: Buffer;
  readonly outcome: Outcome;
};
/** A cart as it was copied, with the keys that were answered for it. */
export type Copy = { readonly cart: Cart; readonly kept: readonly Kept[] };

/** More than anybody sends in the time they are kept. */
const mostKept = 1_000;

/** The copy of an owner's cart; null where there is none. One statement, so that the keys are those of this version. */
export const findCopy = async (reader: Reader, owner: Owner): Promise<Copy | null> => {
  type Text = Omit<Kept, 'fingerprint'> & { readonly fingerprint: string };
  const [row] = await reader.execute<CartRow & { kept: readonly Text[] | null }>(sql`
    select ${columns}, (
      select jsonb_agg(latest) from (
        select operation, key, encode(fingerprint, 'hex') as fingerprint, outcome from idempotency_keys
        where scope = owner_kind || ':' || owner_id order by created_at desc limit ${mostKept}
      ) as latest) as kept
    from carts where owner_kind = ${owner.kind} and owner_id = ${owner.id}`);
  if (!row) return null;
  const kept = (row.kept ?? []).map((one) => ({ ...one, fingerprint: Buffer.from(one.fingerprint, 'hex') }));
  return { cart: cartOf(row), kept };
};

/** Carts by their ids, in the order asked. One statement. */
export const cartsByIds = async (reader: Reader, ids: readonly string[]): Promise<(Cart | null)[]> => {
  const rows = await reader.execute<CartRow>(
    sql`select ${columns} from carts where cart_id = any(${sql.param(ids.filter(isId))}::uuid[])`,
  );
  const byId = new Map([...rows].map((row) => [row.cart_id, cartOf(row)]));
  return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
};

/** The versions of owners' carts, in the order asked; 0 where there is none. */
export const versionsOf = async (reader: Reader, owners: readonly Owner[]): Promise<number[]> => {
  const rows = await reader.execute<{ place: number; version: number }>(sql`
    select place::integer, version from carts
    join unnest(${sql.param(owners.map(({ kind }) => kind))}::text[],
      ${sql.param(owners.map(({ id }) => id))}::text[]) with ordinality as asked (kind, id, place)
      on owner_kind = asked.kind and owner_id = asked.id`);
  const byPlace = new Map([...rows].map(({ place, version }) => [place, version]));
  return owners.map((_owner, index) => byPlace.get(index + 1) ?? 0);
};

const keeping = ({ scope, operation, key, fingerprint }: Intent, outcome: Outcome) =>
  sql`insert into idempotency_keys (scope, operation, key, fingerprint, outcome)
    select ${scope}, ${operation}, ${key}, ${fingerprint}::bytea, ${JSON.stringify(outcome)}::jsonb`;

const saving = (cart: Cart, expectedVersion: number) =>
  expectedVersion === 0
    ? sql`insert into carts (${columns}) values (${cart.id}, ${cart.owner.kind}, ${cart.owner.id},
        ${cart.version}, ${contentText(cart)}::jsonb, ${cart.createdAt}, ${cart.updatedAt})
        on conflict (owner_kind, owner_id) do nothing returning 1`
    : sql`update carts set version = ${cart.version}, content = ${contentText(cart)}::jsonb,
        updated_at = ${cart.updatedAt}, abandoned_at = null
        where cart_id = ${cart.id} and version = ${expectedVersion} returning 1`;

/**
 * Writes the next version of a cart and the outcome of the key that asked for it, in one statement: both or
 * neither. False when another version is there by now; throws a unique violation when the key is.
 */
export const saveCart = async (
  reader: Reader,
  cart: Cart,
  { expectedVersion, intent, outcome }: { expectedVersion: number; intent: Intent | null; outcome: Outcome },
): Promise<boolean> => {
  const rows = await reader.execute(
    intent
      ? sql`with saved as (${saving(cart, expectedVersion)}), kept as (${keeping(intent, outcome)} from saved)
          select 1 from saved`
      : saving(cart, expectedVersion),
  );
  return rows.length > 0;
};

/** Keeps the outcome of a key that has changed nothing. False when there is one by now. */
export const keepOutcome = async (reader: Reader, intent: Intent, outcome: Outcome): Promise<boolean> => {
  const rows = await reader.execute(sql`${keeping(intent, outcome)} on conflict do nothing returning 1`);
  return rows.length > 0;
};

/**
 * Copies a cart, and the outcome of the key that changed it, unless the copy is as new or newer: then it answers what
 * is there. One statement.
 */
export const copyCart = async (
  reader: Reader,
  cart: Cart,
  { intent, outcome }: { intent: Intent | null; outcome: Outcome },
): Promise<'written' | { readonly version: number; readonly updatedAt: string }> => {
  const kept = intent
    ? sql`, kept as (${keeping(intent, outcome)} from copied on conflict do nothing)`
    : sql``;
  const [row] = await reader.execute<{ version: number | null; updated_at: Date | string }>(sql`
    with copied as (
      insert into carts (${columns}) values (${cart.id}, ${cart.owner.kind}, ${cart.owner.id}, ${cart.version},
        ${contentText(cart)}::jsonb, ${cart.createdAt}, ${cart.updatedAt})
      on conflict (owner_kind, owner_id) do update
        set cart_id = excluded.cart_id, version = excluded.version, content = excluded.content,
          created_at = excluded.created_at, updated_at = excluded.updated_at, abandoned_at = null
        where carts.version < excluded.version
      returning 1
    ) ${kept}
    select version, updated_at from (values (1)) as one
    left join carts on owner_kind = ${cart.owner.kind} and owner_id = ${cart.owner.id}
    where not exists (select from copied)`);
  if (!row) return 'written';
  // A row that came to be while this statement ran is not seen by it; it is as new as this one.
  if (row.version === null) return { version: cart.version, updatedAt: cart.updatedAt };
  return { version: row.version, updatedAt: new Date(row.updated_at).toISOString() };
};

/** Deletes owners' carts. */
export const deleteCarts = async (tx: Transaction, owners: readonly Owner[]): Promise<void> => {
  await tx.execute(sql`delete from carts using unnest(${sql.param(owners.map(({ kind }) => kind))}::text[],
      ${sql.param(owners.map(({ id }) => id))}::text[]) as asked (kind, id)
    where owner_kind = asked.kind and owner_id = asked.id`);
};
