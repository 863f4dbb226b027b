/** What is kept of each success, and of refusals that name a row: rows are read again for each answer. */

export type WarehouseOutcome = { readonly warehouseId: string };

export type VariantOutcome = { readonly variantId: string };

export type ShelfOutcome = { readonly variantId: string; readonly warehouseId: string };

export type ReservationOutcome = { readonly reservationId: string };

export type StateRefusal = { readonly message: string; readonly reservationId: string };

/** A line of a reservation: its row keeps lines as columns. */
export type ReservationLine = {
  readonly variantId: string;
  readonly warehouseId: string;
  readonly quantity: number;
};

/** A variant, as far as inventory has to know it. */
export type VariantReference = { readonly id: string };
