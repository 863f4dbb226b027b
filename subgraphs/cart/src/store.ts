import type { Cart, Owner } from './domain.ts';
import type { Found, Intent, Write, Written } from './write-domain.ts';

/** Where carts are kept. Each owner has one; a write is done whole or not at all, in the order of versions. */
export type CartStore = {
  /** The owner's cart, also a closed one; and what was answered to a key before. */
  readonly find: (owner: Owner, intent: Intent | null) => Promise<Found>;
  readonly byIds: (ids: readonly string[]) => Promise<readonly (Cart | null)[]>;
  readonly write: (write: Write) => Promise<Written>;
  /** Drops what is remembered of owners whose carts are gone from Postgres. */
  readonly forget: (owners: readonly Owner[]) => Promise<void>;
  /** The versions of owners' carts, to find out what was changed elsewhere; 0 where there is none. */
  readonly versions: (owners: readonly Owner[]) => Promise<readonly number[]>;
  /** Called after each change that this process hears of. */
  readonly onChange: (listener: (owner: Owner) => void) => () => void;
  /** Throws why it cannot be asked. */
  readonly isReady: () => Promise<void>;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
};

/** An owner as text, for keys. */
export const nameOf = ({ kind, id }: Owner): string => `${kind}:${id}`;

/** The owner of a name. */
export const ownerNamed = (name: string): Owner => ({
  kind: name.startsWith('guest:') ? 'guest' : 'customer',
  id: name.slice(name.indexOf(':') + 1),
});

/** Others have changed the same cart over and over meanwhile. */
export class CartBusyError extends Error {
  override name = 'CartBusyError';
  readonly code = 'BUSY';
}

/** How often a write begins anew because another one came before it. */
export const maxTries = 20;
