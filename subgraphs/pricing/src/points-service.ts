import type { Fact } from '@storegraph/events';
import type { Database, Transaction } from '@storegraph/postgres';
import { hasScope, type Viewer } from '@storegraph/server';
import type { z } from 'zod';
import { type PointsMove, undoing } from './points-domain.ts';
import {
  entriesOfOrder,
  lockAccount,
  type Reversal,
  reversalOf,
  writeEntry,
  writePointsToUse,
  writeReversal,
} from './points-repository.ts';
import { createChange, type Ending, ended, InputRefused } from './promotion-change-service.ts';
import * as inputs from './promotion-inputs.ts';
import { isId } from './variant-repository.ts';

type Moved<Name extends string> = {
  readonly __typename: Name;
  readonly points: number;
  readonly balance: number;
};
type PointsUndone = {
  readonly __typename: 'PointsUndone';
  readonly message: string;
  readonly orderId: string;
};
type NotEnoughPoints = {
  readonly __typename: 'NotEnoughPoints';
  readonly message: string;
  readonly balance: number;
};
type PointsReversed = { readonly __typename: 'PointsReversed' } & Omit<Reversal, 'customerId'>;
export type PointsUseSet = { readonly __typename: 'PointsUseSet'; readonly customerId: string };

export type CustomerReference = { readonly id: string };

/** The one door to points: the customer's own, and for who may read accounts. */
export const arePointsVisibleTo = (viewer: Viewer, { id }: CustomerReference): boolean =>
  hasScope(viewer, 'account:read') ||
  (viewer.kind === 'customer' && viewer.id.toLowerCase() === id.toLowerCase());

/** The points of customers: each order moves them once, whichever way. */
export const createPoints = ({ db }: { readonly db: Database }) => {
  const change = createChange(db);
  return {
    earn: change('pointsEarn', inputs.pointsEarn, earn),
    spend: change('pointsSpend', inputs.pointsSpend, spend),
    reverse: change('pointsReverse', inputs.pointsReverse, reverse),
    use: change('pointsUse', inputs.pointsUse, use),
  };
};

type OfOrder = { readonly customerId: string; readonly orderId: string };

/** The account of an order's customer, locked, with what the order has done to it. */
const open = async (tx: Transaction, { customerId, orderId }: OfOrder) => {
  const balance = await lockAccount(tx, customerId);
  // After the lock, so that what another call has just done is seen.
  const [moves, reversal] = [await entriesOfOrder(tx, orderId), await reversalOf(tx, orderId)];
  if ([...moves, ...(reversal ? [reversal] : [])].some((each) => each.customerId !== customerId)) {
    throw new InputRefused([{ path: ['orderId'], message: 'is the order of somebody else' }]);
  }
  return { balance, moves, reversal };
};

const move = async (
  tx: Transaction,
  { customerId, orderId }: OfOrder,
  { reason, delta }: PointsMove,
  before: number,
): Promise<{ balance: number; fact: Fact }> => {
  const balance = before + delta;
  const data = { customerId, orderId, reason, delta, balance };
  await writeEntry(tx, data);
  return { balance, fact: { type: 'pricing.points_changed', aggregateId: customerId, data } };
};

const undone = (orderId: string): PointsUndone => ({
  __typename: 'PointsUndone',
  message: 'The points of this order were undone.',
  orderId,
});

const earn = async (
  tx: Transaction,
  { points, ...order }: z.output<typeof inputs.pointsEarn>,
): Promise<Ending<Moved<'PointsEarned'> | PointsUndone>> => {
  const { balance, moves, reversal } = await open(tx, order);
  if (reversal) return ended(undone(order.orderId));
  const earlier = moves.find(({ reason }) => reason === 'EARNED');
  if (earlier) {
    return ended({ __typename: 'PointsEarned', points: earlier.delta, balance: earlier.balance });
  }
  const moved = await move(tx, order, { reason: 'EARNED', delta: points }, balance);
  return ended({ __typename: 'PointsEarned', points, balance: moved.balance }, [moved.fact]);
};

const spend = async (
  tx: Transaction,
  { points, ...order }: z.output<typeof inputs.pointsSpend>,
): Promise<Ending<Moved<'PointsSpent'> | NotEnoughPoints | PointsUndone>> => {
  const { balance, moves, reversal } = await open(tx, order);
  if (reversal) return ended(undone(order.orderId));
  const earlier = moves.find(({ reason }) => reason === 'SPENT');
  if (earlier) {
    return ended({ __typename: 'PointsSpent', points: -earlier.delta, balance: earlier.balance });
  }
  if (points > balance) {
    const message = `There are ${balance} points, and ${points} were to be spent.`;
    return ended({ __typename: 'NotEnoughPoints', message, balance });
  }
  const moved = await move(tx, order, { reason: 'SPENT', delta: -points }, balance);
  return ended({ __typename: 'PointsSpent', points, balance: moved.balance }, [moved.fact]);
};

const reverse = async (
  tx: Transaction,
  order: z.output<typeof inputs.pointsReverse>,
): Promise<Ending<PointsReversed>> => {
  const { customerId, orderId } = order;
  const { balance: before, moves, reversal } = await open(tx, order);
  if (reversal) {
    const { customerId: _, ...was } = reversal;
    return ended({ __typename: 'PointsReversed', ...was });
  }
  let balance = before;
  const facts: Fact[] = [];
  const steps = undoing(moves, before);
  for (const each of steps) {
    const moved = await move(tx, order, each, balance);
    balance = moved.balance;
    facts.push(moved.fact);
  }
  const amountOf = (reason: string) => Math.abs(steps.find((each) => each.reason === reason)?.delta ?? 0);
  const done = { returned: amountOf('SPENT_RETURNED'), takenBack: amountOf('EARNED_REVERSED'), balance };
  await writeReversal(tx, orderId, { customerId, ...done });
  return ended({ __typename: 'PointsReversed', ...done }, facts);
};

const use = async (
  tx: Transaction,
  { points }: z.output<typeof inputs.pointsUse>,
  viewer: Viewer,
): Promise<Ending<PointsUseSet>> => {
  if (viewer.kind !== 'customer')
    throw new Error('Only customers have points; the resolver lets in no others.');
  if (!isId(viewer.id))
    throw new InputRefused([{ path: [], message: 'Only customers of the shop have points.' }]);
  await writePointsToUse(tx, viewer.id, points);
  return ended({ __typename: 'PointsUseSet', customerId: viewer.id });
};
