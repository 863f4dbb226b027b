/** A page that fits a screen ten times over; more belongs in an export. */
export const maxMovements = 200;

/** Where a movement stands in the ledger, as clients see it. */
export const cursorOfMovement = (id: number): string => Buffer.from(`movement ${id}`).toString('base64url');

/** The place a cursor names, or null for what is no cursor of the ledger. */
export const movementAt = (cursor: string): number | null => {
  if (cursor.length > 100) return null;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const [, digits] = /^movement ([1-9]\d{0,14})$/.exec(text) ?? [];
  return digits === undefined ? null : Number(digits);
};
