import { routeTo, serves, type Warehouse } from './routing-domain.ts';

export const policyKinds = ['DENY', 'BACKORDER', 'PREORDER'] as const;
export type PolicyKind = (typeof policyKinds)[number];

/** The stock of a variant in one warehouse. */
export type Shelf = {
  readonly variantId: string;
  readonly warehouseId: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly sold: number;
  readonly version: number;
  /** How far it may fall below zero now; 0 for a preorder whose date has passed. */
  readonly room: number;
};

/** A variant with all its stock. */
export type VariantStock = {
  readonly policy: PolicyKind;
  readonly preorderUntil: Date | null;
  readonly lowStockThreshold: number;
  /** Nobody can reserve it any more; what stands on the shelves is still ours. */
  readonly isRemoved: boolean;
  readonly shelves: readonly Shelf[];
};

export type StockStatus = 'IN_STOCK' | 'LOW' | 'BACKORDER' | 'PREORDER' | 'OUT_OF_STOCK';

/** What the shop window says of a variant. */
export type Stock = {
  readonly status: StockStatus;
  readonly available: number;
  readonly backorderable: number;
  readonly preorderUntil: Date | null;
  readonly policy: PolicyKind;
  readonly lowStockThreshold: number;
  readonly byWarehouse: readonly Shelf[];
};

/** What is known of a variant nobody has told us about. */
export const noStock: VariantStock = {
  policy: 'DENY',
  preorderUntil: null,
  lowStockThreshold: 0,
  isRemoved: false,
  shelves: [],
};

/** Pieces that can be reserved; negative when more is promised than is there. */
export const availableOn = ({ onHand, reserved, sold }: Shelf): number => onHand - reserved - sold;

/** The pieces a shelf has promised beyond what it holds. */
export const promisedBeyond = (shelf: Shelf): number => Math.max(0, -availableOn(shelf));

/** A variant's stock as a region sees it; with no region, from every warehouse that is open. */
export const stockIn = (
  { shelves, isRemoved, ...variant }: VariantStock,
  warehouses: readonly Warehouse[],
  region: string | null,
): Stock => {
  const asked = new Set(routeTo(warehouses, region).map(({ id }) => id));
  const open = isRemoved ? [] : shelves.filter(({ warehouseId }) => asked.has(warehouseId));
  const available = sum(open.map((shelf) => Math.max(0, availableOn(shelf))));
  const backorderable = sum(open.map((shelf) => Math.max(0, shelf.room - promisedBeyond(shelf))));
  const serving = new Set(warehouses.filter((each) => serves(each, region)).map(({ id }) => id));
  return {
    ...variant,
    available,
    backorderable,
    status: statusOf(variant, available, backorderable),
    byWarehouse: shelves.filter(({ warehouseId }) => serving.has(warehouseId)),
  };
};

const statusOf = (
  { policy, lowStockThreshold }: Pick<VariantStock, 'policy' | 'lowStockThreshold'>,
  available: number,
  backorderable: number,
): StockStatus => {
  if (available > lowStockThreshold) return 'IN_STOCK';
  if (available > 0) return 'LOW';
  if (backorderable === 0 || policy === 'DENY') return 'OUT_OF_STOCK';
  return policy;
};

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);

/** A policy as it is asked for. */
export type Policy = {
  readonly kind: PolicyKind;
  readonly limit: number;
  readonly preorderUntil: Date | null;
  readonly lowStockThreshold: number;
};

export type PolicyPlacement =
  | { readonly placed: { readonly warehouseId: string; readonly limit: number } | null }
  | { readonly tooTight: number }
  | { readonly nowhere: true };

/**
 * Where the bound of a policy lies: on one shelf only, so that one CHECK holds it. It stays where pieces are
 * promised already; else it goes to the first open warehouse that has had the variant, or to the first of all.
 */
export const placePolicy = (
  { kind, limit }: Pick<Policy, 'kind' | 'limit'>,
  shelves: readonly Shelf[],
  warehouses: readonly Warehouse[],
): PolicyPlacement => {
  const owing = shelves.find((shelf) => promisedBeyond(shelf) > 0);
  const promised = owing ? promisedBeyond(owing) : 0;
  const wanted = kind === 'DENY' ? 0 : limit;
  if (promised > wanted) return { tooTight: promised };
  if (kind === 'DENY') return { placed: null };
  const open = routeTo(warehouses, null);
  const home = open.find(({ id }) => shelves.some((shelf) => shelf.warehouseId === id)) ?? open[0];
  const warehouseId = owing?.warehouseId ?? home?.id;
  return warehouseId === undefined ? { nowhere: true } : { placed: { warehouseId, limit } };
};
