import { apply, type Change } from './change-domain.ts';
import type { Cart, Refusal } from './domain.ts';

/** One intent of one caller, as packages/idempotency has it: the input is its fingerprint already. */
export type Intent = {
  readonly scope: string;
  readonly operation: string;
  readonly key: string;
  readonly fingerprint: Buffer;
};

/** How a write ended: what is kept for repeats. */
export type Outcome = { readonly __typename: 'CartChanged' } | Refusal;

export type Write = {
  /** What the change begins with where the owner has no cart: version 0. */
  readonly blank: Cart;
  readonly change: Change;
  readonly at: string;
  /** Null for what the house does itself, which may be repeated. */
  readonly intent: Intent | null;
};

export type Written =
  | {
      readonly kind: 'done';
      readonly outcome: Outcome;
      /** The cart now; null where there is none, and nothing came to be. */
      readonly cart: Cart | null;
      /** The cart that the change met; the same as now on a replay. */
      readonly before: Cart | null;
      readonly isReplay: boolean;
    }
  /** The key stands for another input. */
  | { readonly kind: 'conflict'; readonly key: string };

/** What was found of a write's owner: the cart, and what was answered to the key before. */
export type Found = {
  readonly cart: Cart | null;
  readonly kept: { readonly fingerprint: Buffer; readonly outcome: Outcome } | null;
};

/** What is to be kept: the next version of the cart where there is one, and the outcome. */
export type Decision = {
  readonly next: Cart | null;
  readonly expectedVersion: number;
  readonly written: Extract<Written, { kind: 'done' }>;
};

/** What a write comes to, given what was found. A key that was answered before is answered as before. */
export const decide = ({ cart: before, kept }: Found, wish: Write): { answer: Written } | Decision => {
  const { blank, change, at, intent } = wish;
  if (intent && kept) {
    if (!kept.fingerprint.equals(intent.fingerprint))
      return { answer: { kind: 'conflict', key: intent.key } };
    return { answer: { kind: 'done', outcome: kept.outcome, cart: before, before, isReplay: true } };
  }
  const met = before ?? blank;
  const applied = apply(met, change, at);
  const cart = 'refusal' in applied ? met : applied.cart;
  const outcome: Outcome = 'refusal' in applied ? applied.refusal : { __typename: 'CartChanged' };
  return {
    next: cart === met ? null : cart,
    expectedVersion: met.version,
    written: { kind: 'done', outcome, cart: cart === blank ? null : cart, before, isReplay: false },
  };
};
