import type { Bus } from '@storegraph/events';
import {
  type Ask,
  askInProcess,
  type MountedSubgraph,
  type PublicKeys,
  type Subgraph,
} from '@storegraph/server';
import { newShopKeys, type ShopKeys } from './keys.ts';

type Needs = {
  readonly postgresUrl: string;
  readonly bus: Bus;
  readonly ask: Ask;
  /** What tokens within an input are verified with. */
  readonly keys: PublicKeys;
  /** What is signed with, and derived from. Left out while a shop is filled, when nobody signs in. */
  readonly shopKeys?: ShopKeys;
};

/** A subgraph of the shop, loaded when it is wanted. */
type Part = {
  readonly name: string;
  readonly open: (needs: Needs) => Promise<Subgraph>;
  /** Queries that must return nothing, by what they say. */
  readonly invariants: () => Promise<Readonly<Record<string, string>>>;
};

/** How the subgraphs of one process ask each other: each in its own name, and those mounted so far. */
export const createAsks = (): {
  readonly of: (asker: string) => Ask;
  readonly answeredBy: (mounted: MountedSubgraph) => void;
} => {
  const mounted = new Map<string, MountedSubgraph>();
  return {
    of: (asker) => askInProcess(asker, (name) => mounted.get(name)),
    answeredBy: (subgraph) => mounted.set(subgraph.name, subgraph),
  };
};

/** The account subgraph signs, and what is outside of the shop is told by the environment. */
const openAccount = async ({ shopKeys, ...needs }: Needs): Promise<Subgraph> => {
  const { account, readOutside } = await import('@storegraph/account');
  const keys = shopKeys ?? (await newShopKeys());
  const secrets = [Buffer.from(keys.secret, 'base64url')] as const;
  return account({ ...needs, keys, secrets, outside: readOutside() });
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
  {
    name: 'account',
    open: openAccount,
    invariants: async () => (await import('@storegraph/account/invariants')).invariants,
  },
  {
    name: 'pricing',
    open: async (needs) => (await import('@storegraph/pricing')).pricing(needs),
    invariants: async () => (await import('@storegraph/pricing/invariants')).invariants,
  },
  {
    name: 'cart',
    open: async (needs) => (await import('@storegraph/cart')).cart(needs),
    invariants: async () => (await import('@storegraph/cart/invariants')).invariants,
  },
];
