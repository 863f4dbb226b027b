import type { Cart, Hold, Holding } from './domain.ts';

/** One hold lasts no longer: it keeps from others what somebody may only look at. */
export const maxHoldSeconds = 60 * 60;

/** From its first hold on a cart holds and renews for so long: far more than anybody needs to pay. */
export const holdingMs = 60 * 60_000;

/** Then nothing is held for so long, in which whoever waits for the last piece can buy it. */
export const pauseMs = 30 * 60_000;

type Held = Pick<Cart, 'holding'>;

/** When the cart may hold stock again; null where it may now. */
export const holdableFrom = ({ holding }: Held, now: number): Date | null => {
  if (!holding || now < Date.parse(holding.since) + holdingMs) return null;
  const from = Date.parse(holding.until) + pauseMs;
  return now < from ? new Date(from) : null;
};

/** How long the cart has been holding, with a hold that is taken now. What is given back early counts as held. */
export const holdingWith = ({ holding }: Held, { expiresAt }: Hold, at: string): Holding => {
  const isOver = !holding || Date.parse(holding.until) + pauseMs <= Date.parse(at);
  if (isOver) return { since: at, until: expiresAt };
  const isLater = Date.parse(expiresAt) > Date.parse(holding.until);
  return isLater ? { since: holding.since, until: expiresAt } : holding;
};
