import {
  fingerprintOf,
  type IdempotencyConflict,
  idempotencyConflict,
  markReplay,
} from '@storegraph/idempotency';
import { type Database, newId } from '@storegraph/postgres';
import { after, type InvalidInput, parseInput, type Soon } from '@storegraph/server';
import type { z } from 'zod';
import type { Change } from './change-domain.ts';
import { type Cart, type Hold, type Market, newCart, type Owner, type Refusal } from './domain.ts';
import * as inputs from './inputs.ts';
import type { Standings } from './standing-service.ts';
import { type CartStore, nameOf } from './store.ts';
import type { Outcome, Written } from './write-domain.ts';

export type Needs = {
  readonly db: Database;
  readonly store: CartStore;
  readonly standings: Standings;
  readonly now: () => Date;
  /** The market of a cart that is made before anybody has said where it ships to. */
  readonly market: Market;
  /** Gives back what was held for a cart and is not any more; what cannot be given back now ends by itself. */
  readonly release: (hold: Hold) => Promise<void>;
};

export type Changed = { readonly __typename: 'CartChanged'; readonly cart: Cart };
export type Unasked = InvalidInput | IdempotencyConflict;
type RefusedBy<Name extends Refusal['__typename']> = Extract<Refusal, { readonly __typename: Name }>;
/** What an operation ends with, beside the names of its own. */
export type Ended<Name extends Refusal['__typename'] = never> =
  | Changed
  | Unasked
  | RefusedBy<Name | 'CartClosed'>;

/** The plain changes of a cart: one write each. */
export const createChanges = (needs: Needs) => {
  const operation = createOperation(needs);
  return {
    lineAdd: operation(
      'cartLineAdd',
      inputs.lineAdd,
      ({ variantId, quantity }) =>
        after(needs.standings.of(variantId), (standing) => ({
          ...{ kind: 'add', variantId, quantity, standing, lineId: newId() },
        })),
      ['VariantNotFound', 'VariantUnavailable', 'CartLimitReached'],
    ),
    lineSet: operation(
      'cartLineSet',
      inputs.lineSet,
      ({ lineId, quantity, expectedVersion }) => ({ kind: 'set', lineId, quantity, expectedVersion }),
      ['CartLineNotFound', 'VersionConflict'],
    ),
    lineRemove: operation('cartLineRemove', inputs.line, ({ lineId }) => ({ kind: 'remove', lineId }), [
      'CartLineNotFound',
    ]),
    lineSave: operation('cartLineSave', inputs.line, ({ lineId }) => ({ kind: 'save', lineId }), [
      ...['CartLineNotFound', 'CartLimitReached'],
    ] as const),
    lineRestore: operation('cartLineRestore', inputs.line, ({ lineId }) => ({ kind: 'restore', lineId }), [
      ...['CartLineNotFound', 'CartLimitReached'],
    ] as const),
    clear: operation(
      'cartClear',
      inputs.clear,
      ({ expectedVersion }) => ({ kind: 'clear', expectedVersion }),
      ['VersionConflict'],
    ),
    noteSet: operation('cartNoteSet', inputs.note, ({ note }) => ({ kind: 'note', note }), []),
    giftMessageSet: operation(
      'cartGiftMessageSet',
      inputs.giftMessage,
      ({ giftMessage }) => ({ kind: 'giftMessage', giftMessage }),
      [],
    ),
    couponAdd: operation('cartCouponAdd', inputs.coupon, ({ code }) => ({ kind: 'couponAdd', code }), [
      'CartLimitReached',
    ]),
    couponRemove: operation(
      'cartCouponRemove',
      inputs.coupon,
      ({ code }) => ({ kind: 'couponRemove', code }),
      [],
    ),
    marketSet: operation(
      'cartMarketSet',
      inputs.market,
      ({ region, currency }) => ({ kind: 'market', market: { region, currency } }),
      [],
    ),
    conflictSettle: operation(
      'cartConflictSettle',
      inputs.settle,
      ({ conflictId, choice }) => ({ kind: 'settle', conflictId, choice, lineId: newId() }),
      ['CartConflictNotFound', 'CartChoiceNotOffered', 'CartLimitReached'],
    ),
  };
};

type Parsed = {
  readonly idempotencyKey: string;
  readonly region?: string | null;
  readonly currency?: string | null;
};

/** A mutation that is one change of the caller's cart, once for a key. */
const createOperation =
  (needs: Needs) =>
  <Input extends Parsed, const Name extends Refusal['__typename'] = never>(
    name: string,
    schema: z.ZodType<Input>,
    changeOf: (input: Input) => Soon<Change>,
    refusals: readonly Name[],
  ) =>
  (owner: Owner, given: unknown): Soon<Ended<Name>> => {
    const parsed = parseInput(schema, given);
    if ('invalid' in parsed) return parsed.invalid;
    const { input } = parsed;
    const blank = blankOf(needs, owner, input);
    const intent = intentOf(owner, name, given, input.idempotencyKey);
    const write = (change: Change) =>
      needs.store
        .write({ blank, change, at: blank.createdAt, intent })
        .then((written) => after(releaseDropped(needs, written), () => endedAs(written, blank, refusals)));
    return after(changeOf(input), write);
  };

/** Stock that a change has let go of is not kept from others. */
export const releaseDropped = ({ release }: Pick<Needs, 'release'>, written: Written): Soon<void> => {
  if (written.kind === 'conflict' || written.isReplay) return;
  const { before, cart } = written;
  if (before?.hold && cart?.hold?.reservationId !== before.hold.reservationId) return release(before.hold);
};

/** The cart of somebody who has none yet. */
export const blankOf = (
  { market, now }: Pick<Needs, 'market' | 'now'>,
  owner: Owner,
  wish: { readonly region?: string | null; readonly currency?: string | null } = {},
): Cart =>
  newCart(
    newId(),
    owner,
    { region: wish.region ?? market.region, currency: wish.currency ?? market.currency },
    now().toISOString(),
  );

export const intentOf = (owner: Owner, operation: string, input: unknown, key: string) => ({
  ...{ scope: nameOf(owner), operation, key },
  fingerprint: fingerprintOf(input),
});

/** What a caller is told of a write. The refusals are those that this operation can end with. */
export const endedAs = <const Name extends Refusal['__typename'] = never>(
  written: Written,
  blank: Cart,
  refusals: readonly Name[],
): Ended<Name> => {
  if (written.kind === 'conflict') return idempotencyConflict(written.key);
  const { outcome, cart, isReplay } = written;
  const ended: Ended<Name> =
    outcome.__typename === 'CartChanged'
      ? { __typename: 'CartChanged', cart: cart ?? blank }
      : only(outcome, ['CartClosed', ...refusals]);
  return isReplay ? markReplay(ended) : ended;
};

/** Narrows a refusal to those that can happen here; any other is a fault of ours. */
const only = <Name extends Refusal['__typename']>(
  outcome: Exclude<Outcome, Changed>,
  names: readonly Name[],
): RefusedBy<Name> => {
  const isOne = (one: Outcome): one is RefusedBy<Name> => names.some((name) => name === one.__typename);
  if (isOne(outcome)) return outcome;
  throw new Error(`${outcome.__typename} cannot be the outcome of this operation.`);
};
