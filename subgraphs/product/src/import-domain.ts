/** What an import reads out of the rows of its file. No database, no file: rows in, products out. */

export type ImportFormat = 'JSONL' | 'CSV';
export type ImportStatus = 'RECEIVING' | 'RUNNING' | 'FINISHED' | 'FAILED';

/** One thing wrong with a row, or with one field of it. */
export type RowProblem = { readonly row: number; readonly field: string | null; readonly message: string };

/** What a mistake is told in; a file may quote itself at any length. */
const maxMessageLength = 500;

/** A text about a file that may quote it, short and without what Postgres cannot hold: NUL, half a surrogate pair. */
export const printable = (text: string): string =>
  text.slice(0, maxMessageLength).toWellFormed().replaceAll('\0', '\ufffd');

/** A product as the file describes it, with the row of each of its variants. Its fields are still to be checked. */
export type RawProduct = {
  readonly rows: readonly number[];
  readonly fields: Readonly<Record<string, unknown>>;
};

/** What one row, or the rows of one product, came to. */
export type Reading = { readonly product: RawProduct } | { readonly problems: readonly RowProblem[] };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{ "size": "42" }` as `[{ name: "size", value: "42" }]`; what is no object is left for the rules to refuse. */
const pairs = (value: unknown, keyName: string, valueName: string): unknown =>
  isObject(value)
    ? Object.entries(value).map(([key, held]) => ({ [keyName]: key, [valueName]: held }))
    : value;

const each = (list: unknown, change: (item: Record<string, unknown>) => unknown): unknown =>
  Array.isArray(list) ? list.map((item) => (isObject(item) ? change(item) : item)) : list;

/** A line of JSONL: one whole product. */
export const productOfJson = (text: string, row: number): Reading => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { problems: [{ row, field: null, message: 'is not a JSON object on one line' }] };
  }
  if (!isObject(parsed)) return { problems: [{ row, field: null, message: 'is not a JSON object' }] };
  const { attributes, variants, media, ...fields } = parsed;
  const converted = {
    ...fields,
    ...(attributes !== undefined && { attributes: pairs(attributes, 'code', 'value') }),
    ...(variants !== undefined && {
      variants: each(variants, (variant) => ({
        ...variant,
        options: pairs(variant['options'] ?? [], 'name', 'value'),
      })),
    }),
    ...(media !== undefined && {
      media: each(media, (item) => ({ ...item, alt: pairs(item['alt'], 'locale', 'text') })),
    }),
  };
  const count = Array.isArray(variants) ? variants.length : 1;
  return { product: { rows: Array.from({ length: Math.max(1, count) }, () => row), fields: converted } };
};

const plainColumns = [
  ...['product_slug', 'type', 'status', 'categories', 'sku', 'barcode', 'weight_grams'],
  ...['picture_url', 'picture_alt_en', 'regions'],
];
const columnForms = [/^(?:name|description)_[a-z]{2,3}(?:-[A-Za-z0-9]+)*$/, /^attr:.+$/, /^option:.+$/];
const neededColumns = ['product_slug', 'type', 'name_en', 'sku'];

/** Why a header cannot be worked with, or null. */
export const headerProblem = (columns: readonly string[]): string | null => {
  const missing = neededColumns.filter((name) => !columns.includes(name));
  if (missing.length > 0) return `The header lacks ${missing.join(', ')}.`;
  const unknown = columns.filter(
    (name) => !plainColumns.includes(name) && !columnForms.some((form) => form.test(name)),
  );
  if (unknown.length > 0)
    return `The header has unknown columns: ${unknown.map((name) => `"${name}"`).join(', ')}.`;
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  return twice === undefined ? null : `The header has "${twice}" twice.`;
};

/** One row of CSV by its columns; empty cells are left out. */
export type Cells = { readonly row: number; readonly values: ReadonlyMap<string, string> };

/** What attribute cells mean, by code: the kinds of the product's type. */
export type KindOf = (code: string) => string | undefined;

/** The rows of one product as a product. What differs between them is taken from the first row. */
export const productOfCells = (rows: readonly Cells[], kindOf: KindOf): RawProduct => {
  const [first] = rows;
  const cell = (name: string) => first?.values.get(name);
  const named = (prefix: string) =>
    [...(first?.values ?? [])].flatMap(([name, value]) =>
      name.startsWith(prefix) ? [{ name: name.slice(prefix.length), value }] : [],
    );
  const optionNames = [...new Set(rows.flatMap(({ values }) => optionsIn(values).map(({ name }) => name)))];
  const url = cell('picture_url');
  return {
    rows: rows.map(({ row }) => row),
    fields: {
      slug: cell('product_slug'),
      typeCode: cell('type') ?? '',
      ...given('status', cell('status')),
      texts: named('name_').map(({ name: locale, value }) => ({
        locale,
        name: value,
        ...given('description', cell(`description_${locale}`)),
      })),
      attributes: named('attr:').map(({ name: code, value }) => ({
        code,
        value: cellValue(value, kindOf(code)),
      })),
      optionNames,
      variants: rows.map(({ values }) => ({
        sku: values.get('sku') ?? '',
        options: optionsIn(values),
        ...given('barcode', values.get('barcode')),
        ...given('weightGrams', numberOr(values.get('weight_grams'))),
      })),
      ...given('categories', list(cell('categories'))),
      ...given('regions', list(cell('regions'))),
      ...(url !== undefined && {
        media: [
          {
            kind: 'PICTURE',
            url,
            alt: [{ locale: 'en', text: cell('picture_alt_en') ?? cell('name_en') ?? '' }],
          },
        ],
      }),
    },
  };
};

const optionsIn = (values: Cells['values']) =>
  [...values].flatMap(([name, value]) =>
    name.startsWith('option:') ? [{ name: name.slice(7), value }] : [],
  );

const given = (name: string, value: unknown) => (value === undefined ? {} : { [name]: value });

const list = (text: string | undefined): string[] | undefined =>
  text
    ?.split('|')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** A number where the text is one; the text itself otherwise, for the rules to refuse. */
const numberOr = (text: string | undefined): unknown =>
  text !== undefined && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;

const cellValue = (text: string, kind: string | undefined): unknown => {
  if (kind === 'INTEGER' || kind === 'NUMBER') return numberOr(text);
  if (kind === 'BOOLEAN') return text === 'true' ? true : text === 'false' ? false : text;
  return kind === 'CHOICES' ? list(text) : text;
};

/** A problem of the input rules, at the row it comes from. */
export const problemAt = (
  { rows }: RawProduct,
  { path, message }: { readonly path: readonly string[]; readonly message: string },
): RowProblem => {
  const variant = path[0] === 'variants' && path[1] !== undefined ? Number(path[1]) : 0;
  return { row: rows[variant] ?? rows[0] ?? 0, field: path.join('.') || null, message };
};

/** Whether the file says something of one field of one item, also that it is nothing. */
export const says = (
  { fields }: RawProduct,
  list: 'texts' | 'variants',
  index: number,
  name: string,
): boolean => {
  const items = fields[list];
  const item: unknown = Array.isArray(items) ? items[index] : undefined;
  return isObject(item) && item[name] !== undefined;
};

/** Parts that have not come yet, of so many. */
export const missingParts = (parts: number, stored: readonly number[]): number[] => {
  const there = new Set(stored);
  return Array.from({ length: parts }, (_, index) => index + 1).filter((part) => !there.has(part));
};
