import { createHash } from 'node:crypto';
import type { MountedSubgraph } from '@storegraph/server';
import { ask, command } from './service-call.ts';

/** The most that one warehouse feed takes. */
const feedLines = 10_000;
/** The most products a page of the catalogue shows. */
const pageSize = 100;
/** How many policies are set at a time. */
const atOnce = 8;
/** What counts as low where something is said about it. */
const lowStockThreshold = 5;
const dayMs = 24 * 60 * 60_000;

const warehouses = [
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

type Variant = { readonly id: string; readonly sku: string };
type Kind = 'DENY' | 'BACKORDER' | 'PREORDER';
type Plan = { readonly pieces: readonly number[]; readonly policy: { kind: Kind; limit?: number } | null };

/**
 * Decides by the SKU alone how much of a variant there is in each warehouse, and what happens when it runs out:
 * most have plenty, some are low, and a few are sold out, on backorder or on preorder.
 */
export const planFor = (sku: string): Plan => {
  const hash = createHash('sha256').update(sku).digest();
  const [kind = 0, ...amounts] = hash;
  const share = kind / 256;
  const none = warehouses.map(() => 0);
  if (share < 0.06) return { pieces: none, policy: null };
  if (share < 0.08) return { pieces: none, policy: { kind: 'BACKORDER', limit: 20 } };
  if (share < 0.095) return { pieces: none, policy: { kind: 'PREORDER', limit: 100 } };
  const plenty = warehouses.map((_warehouse, index) => 6 + ((amounts[index] ?? 0) % 90));
  if (share >= 0.14) return { pieces: plenty, policy: null };
  return { pieces: none.map((_none, index) => (index === 0 ? 1 + (kind % 4) : 0)), policy: { kind: 'DENY' } };
};

/**
 * Opens the warehouses and gives every variant that was never in one its stock. Answers how many pieces that
 * were. It goes through the inventory's own mutations, whose references count once, so repeating it is safe.
 */
export const stockUp = async (shop: {
  product: MountedSubgraph;
  inventory: MountedSubgraph;
  /** Gives up between two steps. */
  signal?: AbortSignal | undefined;
}): Promise<number> => {
  const warehouseIds = await openWarehouses(shop.inventory);
  const variants = await withoutStock(shop.inventory, await allVariants(shop.product));
  const planned = variants.map((variant) => ({ variant, plan: planFor(variant.sku) }));
  let pieces = 0;
  for (const [index, warehouseId] of warehouseIds.entries()) {
    const lines = planned.flatMap(({ variant: { sku }, plan }) => {
      const delta = plan.pieces[index] ?? 0;
      return delta === 0 ? [] : [{ reference: `first-${sku}`, sku, delta, reason: 'RECEIVED' }];
    });
    pieces += lines.reduce((sum, { delta }) => sum + delta, 0);
    for (let start = 0; start < lines.length; start += feedLines) {
      shop.signal?.throwIfAborted();
      await feed(shop.inventory, warehouseId, lines.slice(start, start + feedLines));
    }
  }
  await inTurn(planned, async ({ variant, plan }) => {
    shop.signal?.throwIfAborted();
    await setPolicy(shop.inventory, variant, plan);
  });
  return pieces;
};

const key = (...parts: readonly string[]): string =>
  `seed-${createHash('sha256').update(parts.join(' ')).digest('base64url')}`;

const openWarehouses = async (inventory: MountedSubgraph): Promise<string[]> => {
  const known = await ask<{ warehouses: { id: string; code: string }[] }>(
    inventory,
    '{ warehouses { id code } }',
  );
  const ids: string[] = [];
  for (const warehouse of warehouses) {
    // One that is there may have been changed since.
    const id = known.warehouses.find(({ code }) => code === warehouse.code)?.id;
    const save = () =>
      command<{ __typename: string; warehouse: { id: string } }>(inventory, {
        name: 'warehouseSave',
        inputType: 'WarehouseSaveInput',
        selection: '... on WarehouseSaved { warehouse { id } }',
        input: { idempotencyKey: key('warehouse', warehouse.code), ...warehouse },
      });
    ids.push(id ?? (await save()).warehouse.id);
  }
  return ids;
};

const allVariants = async (product: MountedSubgraph): Promise<Variant[]> => {
  type Page = {
    products: {
      nodes: { variants: Variant[] }[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    };
  };
  const query = `query ($first: Int!, $after: String) {
    products(first: $first, after: $after, sort: OLDEST, filter: { statuses: [DRAFT, PUBLISHED, ARCHIVED] }) {
      nodes { variants { id sku } }
      pageInfo { hasNextPage endCursor }
    }
  }`;
  const variants: Variant[] = [];
  for (let after: string | null = null, hasNextPage = true; hasNextPage; ) {
    const { products }: Page = await ask<Page>(product, query, { first: pageSize, after });
    variants.push(...products.nodes.flatMap((node) => node.variants));
    ({ hasNextPage, endCursor: after } = products.pageInfo);
  }
  return variants;
};

/** Those of whose stock nobody has ever said anything. */
const withoutStock = async (inventory: MountedSubgraph, variants: readonly Variant[]): Promise<Variant[]> => {
  type Stock = { policy: string; lowStockThreshold: number; byWarehouse: readonly unknown[] };
  const isUntouched = (stock: Stock | undefined) =>
    stock?.byWarehouse.length === 0 && stock.policy === 'DENY' && stock.lowStockThreshold === 0;
  const query = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on ProductVariant { stock { policy lowStockThreshold byWarehouse { version } } }
    }
  }`;
  const fresh: Variant[] = [];
  for (let start = 0; start < variants.length; start += pageSize * 3) {
    const some = variants.slice(start, start + pageSize * 3);
    const representations = some.map(({ id }) => ({ __typename: 'ProductVariant', id }));
    const { _entities } = await ask<{ _entities: ({ stock: Stock } | null)[] }>(inventory, query, {
      representations,
    });
    fresh.push(...some.filter((_variant, index) => isUntouched(_entities[index]?.stock)));
  }
  return fresh;
};

type Line = { reference: string; sku: string; delta: number; reason: string };

const feed = async (
  inventory: MountedSubgraph,
  warehouseId: string,
  lines: readonly Line[],
): Promise<void> => {
  const references = lines.map(({ reference }) => reference);
  type Applied = { __typename: string; refused: readonly { sku: string; message: string }[] };
  const { refused } = await command<Applied>(inventory, {
    name: 'warehouseFeedApply',
    inputType: 'WarehouseFeedApplyInput',
    selection: '... on WarehouseFeedApplied { refused { sku message } }',
    input: { idempotencyKey: key('feed', warehouseId, ...references), warehouseId, lines },
  });
  const [first] = refused;
  if (first)
    throw new Error(`${refused.length} lines of stock were refused, first ${first.sku}: ${first.message}`);
};

const setPolicy = async (inventory: MountedSubgraph, { id }: Variant, { policy }: Plan): Promise<void> => {
  if (!policy) return;
  const until =
    policy.kind === 'PREORDER' ? { preorderUntil: new Date(Date.now() + 60 * dayMs).toISOString() } : {};
  await command(inventory, {
    name: 'stockPolicySet',
    inputType: 'StockPolicySetInput',
    selection: '',
    // The end of a preorder is counted from now, so each run is an intent of its own.
    input: {
      idempotencyKey: key('policy', id, `${Date.now()}`),
      variantId: id,
      lowStockThreshold,
      ...policy,
      ...until,
    },
  });
};

/** Does work for each item, a few at a time. */
const inTurn = async <Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> => {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};
