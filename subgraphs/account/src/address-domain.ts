import { type AddressFormat, addressFormatOf, postalCodeIn } from './address-country-domain.ts';

/** Where something or a bill can be sent to. */
export type AddressFields = {
  readonly label: string | null;
  readonly recipient: string;
  readonly company: string | null;
  /** Street and what goes with it, from the top down. */
  readonly lines: readonly string[];
  readonly city: string;
  /** State, province or prefecture: a code of ISO 3166-2 without the country where one is needed. */
  readonly subdivision: string | null;
  readonly postalCode: string | null;
  readonly country: string;
  readonly phone: string | null;
};

export type Address = AddressFields & {
  readonly id: string;
  readonly customerId: string;
  readonly version: number;
};

type Problem = { readonly path: readonly string[]; readonly message: string };

/** What families and small firms need; a marketplace's forwarder does not keep its book here. */
export const maxAddresses = 50;

const formsInWords = (forms: readonly string[]): string =>
  forms.map((form) => form.replaceAll('#', '9').replaceAll('@', 'A').replaceAll('*', 'X')).join(', ');

/** An address as its country writes it, or every rule it breaks. */
export const checkAddress = (
  fields: AddressFields,
): { readonly address: AddressFields } | { readonly problems: readonly Problem[] } => {
  const { country } = fields;
  const format = addressFormatOf(country);
  const postalCode = fields.postalCode === null ? null : postalCodeIn(country, fields.postalCode);
  const subdivision = subdivisionIn(country, fields.subdivision, format.subdivisions);
  const problems = [
    ...problemAt('postalCode', postalCodeProblem(fields.postalCode, postalCode, format)),
    ...problemAt('subdivision', subdivisionProblem(subdivision, format)),
  ];
  return problems.length > 0 ? { problems } : { address: { ...fields, postalCode, subdivision } };
};

const problemAt = (field: string, message: string | null): Problem[] =>
  message === null ? [] : [{ path: [field], message }];

const postalCodeProblem = (
  given: string | null,
  written: string | null,
  { country, postalCodeForms, isPostalCodeRequired }: AddressFormat,
): string | null => {
  if (written !== null || (given === null && !isPostalCodeRequired)) return null;
  if (given === null) return `is needed in ${country}: it looks like ${formsInWords(postalCodeForms)}`;
  return postalCodeForms.length === 0
    ? 'must be letters and digits, at most 12'
    : `must look like ${formsInWords(postalCodeForms)} in ${country}`;
};

/** `US-CA` is how ISO writes `CA` in full. Where no code is needed, any text will do. */
const subdivisionIn = (country: string, given: string | null, codes: readonly string[]): string | null =>
  given === null || codes.length === 0 ? given : given.toUpperCase().replace(new RegExp(`^${country}-`), '');

const subdivisionProblem = (code: string | null, { country, subdivisions }: AddressFormat): string | null => {
  if (subdivisions.length === 0 || (code !== null && subdivisions.includes(code))) return null;
  const example = `a code of ISO 3166-2:${country} such as ${subdivisions[0]}`;
  return code === null ? `is needed in ${country}: ${example}` : `must be ${example}`;
};

/** What an address is used for when nothing else is said. */
export const addressUses = ['SHIPPING', 'BILLING'] as const;
export type AddressUse = (typeof addressUses)[number];

/** The defaults of a customer by their use. */
export type Defaults = Readonly<Record<AddressUse, string | null>>;

/** A new address takes the uses asked for, and those that nothing stands for yet. */
export const defaultsAfterAdding = (
  defaults: Defaults,
  { id, uses }: { readonly id: string; readonly uses: readonly AddressUse[] },
): Defaults => ({
  SHIPPING: uses.includes('SHIPPING') ? id : (defaults.SHIPPING ?? id),
  BILLING: uses.includes('BILLING') ? id : (defaults.BILLING ?? id),
});

/** Whoever has addresses has defaults: those of a removed one pass to the oldest that stays. */
export const defaultsAfterRemoving = (
  defaults: Defaults,
  { id, staying }: { readonly id: string; readonly staying: readonly string[] },
): Defaults => {
  const heir = staying[0] ?? null;
  return {
    SHIPPING: defaults.SHIPPING === id ? heir : defaults.SHIPPING,
    BILLING: defaults.BILLING === id ? heir : defaults.BILLING,
  };
};
