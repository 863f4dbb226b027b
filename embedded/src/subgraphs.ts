import type { Bus } from '@storegraph/events';
import type { Subgraph } from '@storegraph/server';

type Needs = { readonly postgresUrl: string; readonly bus: Bus };

/** A subgraph of the shop, loaded when it is wanted. */
type Part = {
  readonly name: string;
  readonly open: (needs: Needs) => Promise<Subgraph>;
  /** Queries that must return nothing, by what they say. */
  readonly invariants: () => Promise<Readonly<Record<string, string>>>;
};

/** What the shop is made of. */
export const parts: readonly Part[] = [
  {
    name: 'product',
    open: async (needs) => (await import('@storegraph/product')).product(needs),
    invariants: async () => (await import('@storegraph/product/invariants')).invariants,
  },
  {
    name: 'inventory',
    open: async (needs) => (await import('@storegraph/inventory')).inventory(needs),
    invariants: async () => (await import('@storegraph/inventory/invariants')).invariants,
  },
];
