/**
 * The form in which SKUs are compared: without regard to case and to how a letter is composed, because a person
 * who types `ab-1` from a label means `AB-1`. Spaces around an SKU are taken off where it is entered, not here.
 */
export const skuKeyOf = (sku: string): string => sku.normalize('NFKC').toLowerCase();
