/** What a product is called and said to be in one language. */
export type Text = {
  readonly name: string;
  readonly description: string | null;
  readonly seoTitle: string | null;
  readonly seoDescription: string | null;
};

/** A value in each language; English is always there, so every fallback ends. */
export type InLocales<T> = { readonly en: T } & { readonly [locale: string]: T };

export type Texts = InLocales<Text>;
export type Names = InLocales<string>;

/** `de-Latn-AT`, then `de-Latn`, `de` and `en`: where a text is looked for, the nearest first. */
export const localeChain = (locale: string): readonly string[] => {
  const parts = locale.split('-');
  const own = parts.map((_part, index) => parts.slice(0, parts.length - index).join('-'));
  return own.includes('en') ? own : [...own, 'en'];
};

/** The nearest value along the chain that `pick` finds something in. */
export const nearest = <T, Found>(
  values: InLocales<T>,
  locale: string,
  pick: (value: T) => Found | null,
): Found | null => {
  for (const candidate of localeChain(locale)) {
    const value = Object.hasOwn(values, candidate) ? values[candidate] : undefined;
    const found = value === undefined ? null : pick(value);
    if (found !== null) return found;
  }
  return null;
};

const itself = <T>(value: T): T => value;

/** The text of the nearest language. */
export const nearestIn = <T>(values: InLocales<T>, locale: string): T =>
  nearest<T, T>(values, locale, itself) ?? values.en;

/** Title and description for search engines; a title falls back to the name of the same language first. */
export const seoIn = (texts: Texts, locale: string) => {
  const { name, seoTitle } = nearestIn(texts, locale);
  return { title: seoTitle ?? name, description: nearest(texts, locale, (text) => text.seoDescription) };
};

/** Every language there is a value in, English first. */
export const localesOf = <T>(values: InLocales<T>): string[] => [
  'en',
  ...Object.keys(values)
    .filter((locale) => locale !== 'en')
    .sort(),
];

/** Letters that Unicode does not take apart into a base letter and marks. */
const lettersApart: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
};

const unaccented = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[ßæœøđðłþı]/g, (letter) => lettersApart[letter] ?? letter);

/** What NAME sorts by: the English name without regard to case and accents. */
export const nameKeyOf = (texts: Texts): string => unaccented(texts.en.name);

/** Room for a name of a dozen words; longer addresses help nobody. */
export const maxSlugLength = 100;
/** Room for `-` and a number behind a slug made from a name. */
const maxSlugBaseLength = 90;

export const isSlug = (text: string): boolean =>
  text.length <= maxSlugLength && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text);

/** The word a name makes in an address; a name without any Latin letter or digit gets `fallback`. */
export const slugOf = (name: string, fallback: string): string => {
  const words = unaccented(name)
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxSlugBaseLength)
    .replace(/^-+|-+$/g, '');
  return words === '' ? fallback : words;
};

/** The slug itself while it is free, else the first free number behind it, from 2. */
export const freeSlug = (base: string, taken: ReadonlySet<string>): string => {
  if (!taken.has(base)) return base;
  let suffix = 2;
  while (taken.has(`${base}-${suffix}`)) suffix += 1;
  return `${base}-${suffix}`;
};
