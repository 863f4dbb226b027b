/** A place that ships. */
export type Warehouse = {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly region: string;
  /** Null means everywhere. */
  readonly servesRegions: readonly string[] | null;
  readonly priority: number;
  readonly isActive: boolean;
};

/** Whether it ships to a region; to nowhere in particular, every warehouse does. */
export const serves = ({ servesRegions }: Warehouse, region: string | null): boolean =>
  region === null ||
  servesRegions === null ||
  servesRegions.includes(region) ||
  servesRegions.includes(countryOf(region));

/** `US` of `US-CA`, and of itself. */
const countryOf = (region: string): string => region.slice(0, 2);

/** 2 in the very region, 1 in its country, 0 elsewhere. */
const nearness = (warehouse: Warehouse, region: string | null): number => {
  if (region === null || countryOf(warehouse.region) !== countryOf(region)) return 0;
  return warehouse.region === region ? 2 : 1;
};

/**
 * The warehouses that may be asked for a cart, in the order they are asked: those standing in the region first,
 * those in its country next, then by priority, then by code so that the order is the same everywhere.
 */
export const routeTo = (warehouses: readonly Warehouse[], region: string | null): readonly Warehouse[] =>
  warehouses
    .filter((warehouse) => warehouse.isActive && serves(warehouse, region))
    .sort(
      (a, b) =>
        nearness(b, region) - nearness(a, region) || a.priority - b.priority || (a.code < b.code ? -1 : 1),
    );
