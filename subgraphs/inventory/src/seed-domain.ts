import { createHash } from 'node:crypto';
import type { Policy } from './stock-domain.ts';

/** The warehouses of a seeded shop: two of a region, and one that ships everywhere. */
export const seededWarehouses = [
  {
    code: 'BER1',
    name: 'Berlin',
    region: 'DE',
    servesRegions: ['DE', 'AT', 'CH', 'CZ', 'DK', 'PL'],
    priority: 10,
  },
  { code: 'AMS1', name: 'Amsterdam', region: 'NL', servesRegions: null, priority: 20 },
  { code: 'NYC1', name: 'New York', region: 'US', servesRegions: ['US', 'CA', 'MX'], priority: 30 },
] as const;

/** What counts as low where something is said about it. */
const lowStockThreshold = 5;
const preorderMs = 60 * 24 * 60 * 60_000;

/** How a variant begins: its pieces in each warehouse, and what is said of them, if anything. */
export type SeededStock = { readonly pieces: readonly number[]; readonly policy: Policy | null };

/**
 * Decides by the SKU alone how much of a variant there is in each warehouse, and what happens when it runs out:
 * most have plenty, some are low, and a few are sold out, on backorder or on preorder.
 */
export const seededStock = (sku: string, now: Date): SeededStock => {
  const [kind = 0, ...amounts] = createHash('sha256').update(sku).digest();
  const share = kind / 256;
  const none = seededWarehouses.map(() => 0);
  const said = { limit: 0, preorderUntil: null, lowStockThreshold };
  if (share < 0.06) return { pieces: none, policy: null };
  if (share < 0.08) return { pieces: none, policy: { ...said, kind: 'BACKORDER', limit: 20 } };
  if (share < 0.095) {
    const preorderUntil = new Date(now.getTime() + preorderMs);
    return { pieces: none, policy: { ...said, kind: 'PREORDER', limit: 100, preorderUntil } };
  }
  if (share < 0.14) {
    return { pieces: none.with(0, 1 + (kind % 4)), policy: { ...said, kind: 'DENY' } };
  }
  // The first warehouse has all of it; what the others have differs, as everywhere.
  const pieces = none.map((_none, index) => plenty(index, amounts[index] ?? 0));
  return { pieces, policy: null };
};

const plenty = (index: number, amount: number): number =>
  index === 0 || amount % 2 === 0 ? 6 + (amount % 90) : 0;
