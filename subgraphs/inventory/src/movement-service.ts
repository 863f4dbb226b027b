import {
  fingerprintOf,
  type IdempotencyConflict,
  idempotencyConflict,
  markReplay,
} from '@storegraph/idempotency';
import type { Database } from '@storegraph/postgres';
import { callerScope, type InvalidInput, invalidInput, parseInput, type Viewer } from '@storegraph/server';
import { skuKeyOf } from '@storegraph/sku';
import type { KeyedAnswer } from './change-repository.ts';
import * as inputs from './inputs.ts';
import { addTallies, inParts, type LineRefusal, lineRefusals, type Tally } from './movement-domain.ts';
import type { MoveLine, MoveRequest } from './movement-repository.ts';
import { tellingOf } from './once-service.ts';
import { isId } from './repository.ts';
import { refusalOf } from './reservation-domain.ts';
import { linesPerPart, type StockPath } from './stock-service.ts';
import { variantsBySku } from './variant-repository.ts';

type Unasked = InvalidInput | IdempotencyConflict;
type WarehouseNotFound = {
  readonly __typename: 'WarehouseNotFound';
  readonly message: string;
  readonly warehouseId: string;
};
type Refused =
  | WarehouseNotFound
  | { readonly __typename: 'VariantNotFound'; readonly message: string; readonly variantId: string }
  | { readonly __typename: 'StockCommitted'; readonly message: string; readonly available: number }
  | {
      readonly __typename: 'VersionConflict';
      readonly message: string;
      readonly expected: number;
      readonly actual: number;
    };
export type AdjustOutcome =
  | { readonly __typename: 'StockAdjusted'; readonly variantId: string; readonly warehouseId: string }
  | Refused
  | Unasked;
export type CountOutcome =
  | {
      readonly __typename: 'StockTakeRecorded';
      readonly adjusted: number;
      readonly unchanged: number;
      readonly refused: readonly LineRefusal[];
    }
  | WarehouseNotFound
  | Unasked;
export type FeedOutcome =
  | {
      readonly __typename: 'WarehouseFeedApplied';
      readonly applied: number;
      readonly repeated: number;
      readonly refused: readonly LineRefusal[];
    }
  | WarehouseNotFound
  | Unasked;

type Needs = { readonly db: Database; readonly stock: StockPath; readonly now: () => Date };

/** What comes, goes and is counted. */
export const createMovements = (needs: Needs) => ({
  adjust: createAdjust(needs),
  count: createCount(needs),
  feed: createFeed(needs),
});

const createAdjust =
  ({ stock }: Needs) =>
  async (viewer: Viewer, input: unknown): Promise<AdjustOutcome> => {
    const parsed = parseInput(inputs.stockAdjust, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, variantId, warehouseId, expectedVersion, ...line } = parsed.input;
    if (!isId(variantId)) return refusalOf({ __typename: 'VariantNotFound', variantId });
    if (!isId(warehouseId)) return warehouseNotFound(warehouseId);
    const request = {
      ...requestOf(viewer, 'stockAdjust', key, input),
      warehouseId,
      expectedVersion,
      lines: [{ variantId, counted: null, ...line }],
    };
    const shelf = { variantId, warehouseId, expected: expectedVersion ?? 0 };
    return move(stock, { viewer, input, request }, (tally) => adjustOutcome(tally, shelf));
  };

const createCount =
  ({ db, stock, now }: Needs) =>
  async (viewer: Viewer, input: unknown): Promise<CountOutcome> => {
    const parsed = parseInput(inputs.stockTakeRecord(now()), input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, warehouseId, countedAt, lines } = parsed.input;
    if (!isId(warehouseId)) return warehouseNotFound(warehouseId);
    const variants = await variantsBySku(db, skusOf(lines));
    const request = {
      ...requestOf(viewer, 'stockTakeRecord', key, input),
      warehouseId,
      countedAt,
      lines: lines.map(({ sku, counted }) => ({
        ...emptyLine,
        variantId: variants.get(skuKeyOf(sku)) ?? null,
        counted,
        reason: 'COUNTED',
      })),
    };
    return move<CountOutcome>(stock, { viewer, input, request }, (tally) => {
      if (!tally.hasWarehouse) return warehouseNotFound(warehouseId);
      const { applied: adjusted, unchanged } = tally;
      return { __typename: 'StockTakeRecorded', adjusted, unchanged, refused: lineRefusals(tally, lines) };
    });
  };

const createFeed =
  ({ db, stock }: Needs) =>
  async (viewer: Viewer, input: unknown): Promise<FeedOutcome> => {
    const parsed = parseInput(inputs.warehouseFeedApply, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, warehouseId, lines } = parsed.input;
    if (!isId(warehouseId)) return warehouseNotFound(warehouseId);
    const variants = await variantsBySku(db, skusOf(lines));
    const request = {
      ...requestOf(viewer, 'warehouseFeedApply', key, input),
      warehouseId,
      isFeed: true,
      lines: lines.map(({ sku, ...line }) => ({
        ...emptyLine,
        variantId: variants.get(skuKeyOf(sku)) ?? null,
        ...line,
      })),
    };
    return move<FeedOutcome>(stock, { viewer, input, request }, (tally) => {
      if (!tally.hasWarehouse) return warehouseNotFound(warehouseId);
      const { applied, repeated } = tally;
      return { __typename: 'WarehouseFeedApplied', applied, repeated, refused: lineRefusals(tally, lines) };
    });
  };

const skusOf = (lines: readonly { readonly sku: string }[]) => lines.map(({ sku }) => sku);

const emptyLine = { variantId: null, delta: null, counted: null, reference: null, note: null };

const requestOf = (viewer: Viewer, mutation: string, key: string, input: unknown) => {
  const scope = callerScope(viewer);
  const fingerprint = fingerprintOf(input);
  return {
    scope,
    mutation,
    key,
    fingerprint,
    actor: scope,
    countedAt: null,
    expectedVersion: null,
    isFeed: false,
  };
};

type Asked = { readonly viewer: Viewer; readonly input: unknown; readonly request: MoveRequest };

/** Applies a request and answers what became of it. */
const move = async <Outcome extends { readonly __typename: string }>(
  stock: StockPath,
  { viewer, input, request }: Asked,
  outcomeOf: (tally: Tally) => Outcome,
): Promise<Outcome | IdempotencyConflict> => {
  const answerOf = (answer: KeyedAnswer<Tally>) => {
    if (answer.conflict) return idempotencyConflict(request.key);
    const outcome = outcomeOf(answer.outcome);
    return answer.earlier ? markReplay(outcome) : outcome;
  };
  const tells = tellingOf(viewer, { operation: request.mutation, input }, answerOf);
  return answerOf(await moveInParts(stock, request, tells));
};

/**
 * Applies a request part by part, each under a key of its own, made of the request's key by a dot, which no
 * caller's key has. A repeat finds the parts that were done and does the rest. The first part tells of them all.
 */
const moveInParts = async (
  stock: StockPath,
  request: MoveRequest,
  tells: ReturnType<typeof tellingOf<KeyedAnswer<Tally>>>,
): Promise<KeyedAnswer<Tally>> => {
  const tallies: Tally[] = [];
  let isRepeat = true;
  for (const [part, lines] of inParts<MoveLine>(request.lines, linesPerPart).entries()) {
    const answer = await stock.move(
      part === 0 ? { ...request, lines, tells } : { ...request, key: `${request.key}.${part}`, lines },
    );
    if (answer.conflict) return answer;
    isRepeat = isRepeat && answer.earlier === true;
    tallies.push(answer.outcome);
    if (!answer.outcome.hasWarehouse) break;
  }
  const outcome = addTallies(tallies, linesPerPart);
  return isRepeat ? { earlier: true, outcome } : { outcome };
};

const adjustOutcome = (
  { hasWarehouse, refused: [refusal] }: Tally,
  { variantId, warehouseId, expected }: { variantId: string; warehouseId: string; expected: number },
): AdjustOutcome => {
  if (!hasWarehouse) return warehouseNotFound(warehouseId);
  if (!refusal) return { __typename: 'StockAdjusted', variantId, warehouseId };
  const figure = refusal.figure ?? 0;
  switch (refusal.code) {
    case 'unknown variant':
      return refusalOf({ __typename: 'VariantNotFound', variantId });
    case 'another version':
      return {
        __typename: 'VersionConflict',
        message:
          'The stock was changed since you read it. Nothing was changed: read it again and decide anew.',
        expected,
        actual: figure,
      };
    case 'too many':
      return invalidInput([{ path: ['delta'], message: `must be at most ${figure}: no more fits` }]);
    case 'committed':
    case 'counted since':
      return refusalOf({ __typename: 'StockCommitted', available: figure });
  }
};

const warehouseNotFound = (warehouseId: string): WarehouseNotFound => ({
  __typename: 'WarehouseNotFound',
  message: `There is no warehouse ${warehouseId}.`,
  warehouseId,
});
