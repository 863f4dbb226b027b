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
  region === null || servesRegions === null || servesRegions.includes(region);

/**
 * The warehouses that may be asked for a cart, in the order they are asked: those standing in the region first,
 * then by priority, then by code so that the order is the same everywhere.
 */
export const routeTo = (warehouses: readonly Warehouse[], region: string | null): readonly Warehouse[] =>
  warehouses
    .filter((warehouse) => warehouse.isActive && serves(warehouse, region))
    .sort(
      (a, b) =>
        Number(b.region === region) - Number(a.region === region) ||
        a.priority - b.priority ||
        (a.code < b.code ? -1 : 1),
    );
