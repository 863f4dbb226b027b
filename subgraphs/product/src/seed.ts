import { append, type Fact } from '@storegraph/events';
import { type Database, type Transaction, transaction } from '@storegraph/postgres';
import type { AttributeDefinition, Attributes, AttributeValue } from './attribute-domain.ts';
import { type Category, plantedFact } from './category-domain.ts';
import { insertCategories } from './category-repository.ts';
import type { Media, Product, WholeProduct } from './domain.ts';
import { writeProducts } from './product-service.ts';
import { insertRelations, latestProductId } from './repository.ts';
import { type CategoryContent, categoryContents, lines, praises } from './seed-content.ts';
import { type TypeContent, typeContents } from './seed-types.ts';
import { nameKeyOf, nearestIn, slugOf, type Texts } from './text-domain.ts';
import type { ProductType } from './type-domain.ts';
import { insertTypes, typesByCodes } from './type-repository.ts';
import type { Variant } from './variant-domain.ts';

/** How many products one transaction writes: enough to share its statements, few enough to stay small. */
const batchSize = 500;

/**
 * Adds so many products to a shop, with the facts that tell of them. They are always the same in the same order:
 * a further call goes on behind the last batch, also when that call was cut short. The signal does so between batches.
 */
export const seedCatalogue = async (
  db: Database,
  { products, signal }: { readonly products: number; readonly signal?: AbortSignal | undefined },
): Promise<{ products: number; variants: number }> => {
  const first = await seededSoFar(db);
  if (first === 0) await transaction(db, layFoundation);
  let variants = 0;
  for (let start = first; start < first + products; start += batchSize) {
    signal?.throwIfAborted();
    const indexes = Array.from(
      { length: Math.min(batchSize, first + products - start) },
      (_each, offset) => start + offset,
    );
    const batch = indexes.map(seededProduct);
    variants += batch.flatMap((whole) => whole.variants).length;
    await transaction(db, async (tx) => {
      const facts = await writeProducts(tx, batch);
      await insertRelations(tx, indexes.flatMap(seededRelations));
      append(tx, facts);
    });
  }
  return { products, variants };
};

/** Types and categories, unless a call that was cut short has written them. */
const layFoundation = async (tx: Transaction): Promise<void> => {
  const isThere = (await typesByCodes(tx, [types[0]?.code ?? ''])).length > 0;
  if (isThere) return;
  await insertTypes(tx, types);
  await insertCategories(tx, categories);
  append(tx, [
    ...types.map(
      ({ id, code }): Fact => ({ type: 'product.type_saved', aggregateId: id, data: { typeCode: code } }),
    ),
    ...categories.map(({ id, parentId }): Fact => plantedFact('product.category_created', id, parentId)),
  ]);
};

/** How many products earlier calls have written, as the last of their ids tells. */
const seededSoFar = async (db: Database): Promise<number> => {
  const last = await latestProductId(db, { from: firstIdAt(0), to: firstIdAt(maxSeeded) });
  return last === null ? 0 : Number.parseInt(last.replace('-', '').slice(0, 12), 16) - firstDay + 1;
};

/** A stream of numbers from 0 to 1 that is the same for the same seed (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const pick = <T>(random: () => number, from: readonly [T, ...T[]] | readonly T[]): T => {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error('There is nothing to pick from.');
  return picked;
};

const firstDay = Date.parse('2024-01-01T08:00:00Z');
/** Each product a quarter of an hour after the one before, over and over within two years. */
const stepMs = 15 * 60_000;
const stepsInTwoYears = 2 * 365 * 24 * 4;

const dayOf = (index: number): Date => new Date(firstDay + (index % stepsInTwoYears) * stepMs);

/** More would reach the ids of products that people create. */
const maxSeeded = 100_000_000;

/** How an id begins: with its index, as a time before that of any other id. */
const beginningOf = (index: number): string => {
  const time = (firstDay + index).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}`;
};

const firstIdAt = (index: number): string => `${beginningOf(index)}-0000-0000-000000000000`;

/** A version 7 id that is always the same for the same thing: its time, and numbers from its seed. */
const seededId = (kind: number, index: number): string => {
  const random = randomFrom(kind * 40_000_003 + index);
  const hex = (digits: number) =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return `${beginningOf(index)}-7${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
};
const kinds = { type: 1, category: 2, product: 3, variant: 4, media: 5, content: 6 };
const productId = (index: number): string => seededId(kinds.product, index);

const types: readonly ProductType[] = typeContents.map(({ code, name, attributes }, index) => ({
  id: seededId(kinds.type, index),
  code,
  name,
  attributes,
}));

type Leaf = { readonly categoryId: string; readonly content: NonNullable<CategoryContent['sells']> };
const categories: Category[] = [];
const leaves: Leaf[] = [];

const plant = (contents: readonly CategoryContent[], parent: Category | null) => {
  for (const [position, { en, de, children = [], sells }] of contents.entries()) {
    const id = seededId(kinds.category, categories.length);
    const path = [...(parent?.path ?? []), id];
    const category = {
      id,
      parentId: parent?.id ?? null,
      slug: slugOf(en, 'category'),
      names: { en, de },
      path,
      position,
    };
    categories.push(category);
    if (sells) leaves.push({ categoryId: id, content: sells });
    plant(children, category);
  }
};
plant(categoryContents, null);

const typeOf = (code: string): { content: TypeContent; type: ProductType } => {
  const index = typeContents.findIndex((content) => content.code === code);
  const [content, type] = [typeContents[index], types[index]];
  if (!content || !type) throw new Error(`No seeded type ${code}.`);
  return { content, type };
};

/** The product at a place of the shop: leaf by leaf, line by line, then the next generation of each line. */
const seededProduct = (index: number): WholeProduct => {
  const random = randomFrom(kinds.content * 40_000_003 + index);
  const leaf = leaves[index % leaves.length];
  const line = lines[Math.floor(index / leaves.length) % lines.length];
  if (!leaf || !line) throw new Error('The seeded shop has no shelves.');
  const generation = Math.floor(index / (leaves.length * lines.length)) + 1;
  const title = generation === 1 ? line : `${line} ${generation}`;
  const { content, type } = typeOf(leaf.content.type);
  const texts = textsOf(title, leaf.content, random);
  const slug = slugOf(texts.en.name, 'product');
  const product: Product = {
    id: productId(index),
    typeId: type.id,
    slug,
    ...lifeOf(index),
    texts,
    nameKey: nameKeyOf(texts),
    attributes: attributesOf(type.attributes, random),
    optionNames: [content.option.name],
    media: mediaOf(index, slug, texts, random),
    regions: index % 10 === 3 ? ['AT', 'CH', 'DE'] : null,
  };
  // Some are also on a second shelf, as in a real shop.
  const second = leaves[(index + 7) % leaves.length];
  const categoryIds = index % 12 === 5 && second ? [leaf.categoryId, second.categoryId] : [leaf.categoryId];
  return { product, variants: variantsOf(index, content, random), categoryIds };
};

/** One in 25 is a draft, one in 100 is archived. */
const lifeOf = (index: number): Pick<Product, 'status' | 'publishedAt' | 'version'> => {
  if (index % 25 === 24) return { status: 'DRAFT', publishedAt: null, version: 1 };
  if (index % 100 === 50) return { status: 'ARCHIVED', publishedAt: dayOf(index), version: 3 };
  return { status: 'PUBLISHED', publishedAt: dayOf(index), version: 2 };
};

const textsOf = (title: string, sells: Leaf['content'], random: () => number): Texts => {
  const [first, second] = [pick(random, praises), pick(random, praises)];
  const text = (name: string, ...sentences: string[]) => ({
    name,
    description: [...new Set(sentences)].join(' '),
    seoTitle: null,
    seoDescription: null,
  });
  return {
    en: text(`${title} ${sells.en}`, `${sells.en} of our ${title} range.`, first.en, second.en),
    de: text(`${title} ${sells.de}`, `${sells.de} aus unserer Reihe ${title}.`, first.de, second.de),
  };
};

const attributesOf = (definitions: readonly AttributeDefinition[], random: () => number): Attributes =>
  Object.fromEntries(definitions.map((definition) => [definition.code, valueFor(definition, random)]));

const valueFor = (definition: AttributeDefinition, random: () => number): AttributeValue => {
  const { kind, choices, min, max } = definition;
  const [low, high] = [min ?? 0, max ?? 100];
  switch (kind) {
    case 'BOOLEAN':
      return random() < 0.5;
    case 'CHOICE':
      return pick(random, choices);
    case 'CHOICES': {
      const some = choices.filter(() => random() < 0.5);
      return some.length > 0 ? some : [pick(random, choices)];
    }
    case 'INTEGER':
      return low + Math.floor(random() * (high - low + 1));
    case 'NUMBER':
      return Math.round((low + random() * (high - low)) * 10) / 10;
    case 'DATE':
      return `20${10 + Math.floor(random() * 15)}-03-01`;
    case 'TEXT':
      return pick(random, ['Wash at 30 °C.', 'Wash by hand.', 'Brush off, do not wash.']);
    default:
      return unknownKind(kind);
  }
};

const unknownKind = (kind: never): never => {
  throw new Error(`Unknown attribute kind ${kind}`);
};

/** One to three pictures, which the shop draws from their addresses. */
const mediaOf = (index: number, slug: string, texts: Texts, random: () => number): Media[] =>
  ['', '-detail', '-outside'].slice(0, 1 + Math.floor(random() * 3)).map((suffix, place) => ({
    id: seededId(kinds.media, index * 3 + place),
    kind: 'PICTURE',
    url: `/media/${slug}${suffix}.svg`,
    alt: { en: texts.en.name, de: nearestIn(texts, 'de').name },
    width: 1_200,
    height: 1_200,
    focalPoint: { x: 0.5, y: 0.5 },
  }));

const variantsOf = (
  index: number,
  { code, option, weightGrams }: TypeContent,
  random: () => number,
): Variant[] =>
  pick(random, option.values).map((value, position) => ({
    id: seededId(kinds.variant, index * 3 + position),
    productId: productId(index),
    sku: `${code.slice(0, 3).toUpperCase()}-${String(index + 1).padStart(6, '0')}-${position + 1}`,
    optionValues: [value],
    barcode: position === 0 ? gtinOf(index) : null,
    weightGrams: Math.round(weightGrams * (0.9 + 0.1 * position)),
    position,
  }));

/** A GTIN-13 of the range that GS1 leaves to shops (prefix 20). */
const gtinOf = (index: number): string => {
  const digits = `20${String(index).padStart(10, '0')}`;
  const sum = [...digits].reduce(
    (total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 1 : 3),
    0,
  );
  return `${digits}${(10 - (sum % 10)) % 10}`;
};

/** Each points to what was written before it: the same thing of the line before, and something that goes with it. */
const seededRelations = (index: number) => {
  const to = (kind: 'ACCESSORY' | 'UP_SELL' | 'CROSS_SELL' | 'BUNDLE_PART', target: number, quantity = 1) =>
    target < 0
      ? []
      : [{ productId: productId(index), kind, targetId: productId(target), position: 0, quantity }];
  return [
    ...to('CROSS_SELL', index - leaves.length),
    ...(index % 3 === 0 ? to('ACCESSORY', index - 5) : []),
    ...(index % 5 === 0 ? to('UP_SELL', index - 2 * leaves.length) : []),
    ...(index % 50 === 0 ? to('BUNDLE_PART', index - 3, 2) : []),
  ];
};
