import { idempotencyKey } from '@storegraph/idempotency';
import { isRegion } from '@storegraph/server';
import { z } from 'zod';
import { attributeKinds, isWritable } from './attribute-domain.ts';
import { mediaKinds, relationKinds } from './domain.ts';
import { isSlug, maxSlugLength } from './text-domain.ts';
import { isGtin, maxVariants } from './variant-domain.ts';

/** What a caller may send. GraphQL has checked types; lengths, forms and counts are checked here. */

/** A product speaks no more languages than the Union has, twice over. */
const maxLocales = 50;
const maxRegions = 250;
const maxMedia = 50;
const maxCategories = 20;
const maxRelations = 50;
const maxAttributes = 100;
const maxChoices = 500;
const maxOptionNames = 3;
/** 50 tonnes: whatever is heavier is a slip of the keyboard. */
const maxWeightGrams = 50_000_000;
const maxPixels = 100_000;
const maxQuantity = 1_000_000;

/** What is left out and what is null mean the same, unless a schema says otherwise. */
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);

/** Text in one line, trimmed. */
const line = (max: number) =>
  z
    .string()
    .refine((text) => isWritable(text) && !/\p{Cc}/u.test(text), 'must not hold control characters')
    .transform((text) => text.normalize('NFC').trim())
    .refine((text) => text.length > 0, 'must not be empty')
    .refine((text) => text.length <= max, `must be at most ${max} characters`);

const noControlsButLines = (text: string) => isWritable(text) && !/[^\P{Cc}\n\r\t]/u.test(text);
/** Text that may have several lines; only spaces are no text. */
const prose = (max: number) =>
  orNull(
    z
      .string()
      .max(max, `must be at most ${max} characters`)
      .refine(noControlsButLines, 'must not hold control characters')
      .transform((text) => (text.trim() === '' ? null : text)),
  );

const lineOrNull = (max: number) => orNull(line(max));

/** An id that cannot be one finds nothing, as any other unknown id. */
const id = z
  .string()
  .max(100, 'is no id')
  .refine(isWritable, 'is no id')
  .transform((text) => text.toLowerCase());
const slug = z
  .string()
  .refine(isSlug, `must be a-z, 0-9 and single hyphens between, at most ${maxSlugLength} characters`);
const locale = z
  .string()
  .regex(
    /^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?$/,
    'must be a language tag such as en or de-AT',
  );
const region = z.string().refine(isRegion, 'must be a country code such as DE, or a state such as US-CA');
const code = z
  .string()
  .max(64, 'must be at most 64 characters')
  .regex(/^[A-Za-z][A-Za-z0-9]*$/, 'must be a letter, then letters and digits');
const barcode = z
  .string()
  .refine(isGtin, 'must be a GTIN of 8, 12, 13 or 14 digits with a right check digit');
const weightGrams = z.int().min(0).max(maxWeightGrams);
const position = z.int().min(0);

const inLocales = <Item extends { locale: string }>(item: z.ZodType<Item>) =>
  z
    .array(item)
    .max(maxLocales, `at most ${maxLocales} languages`)
    .refine(
      (items) => new Set(items.map((each) => each.locale)).size === items.length,
      'a language is given twice',
    );
const hasEnglish = (items: readonly { locale: string }[]) => items.some((item) => item.locale === 'en');
const namesIn = (max: number) =>
  inLocales(z.object({ locale, text: line(max) })).transform((items) =>
    Object.fromEntries(items.map((item) => [item.locale, item.text])),
  );
const namesWithEnglish = (max: number) =>
  inLocales(z.object({ locale, text: line(max) }))
    .refine(hasEnglish, 'English is needed')
    .transform((items) => ({
      en: items.find((item) => item.locale === 'en')?.text ?? '',
      ...Object.fromEntries(items.map((item) => [item.locale, item.text])),
    }));

const texts = z.object({
  locale,
  name: line(200),
  description: prose(20_000),
  seoTitle: lineOrNull(200),
  seoDescription: lineOrNull(500),
});

const attributeValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).max(maxChoices)]);
const attributes = z
  .array(z.object({ code: z.string().max(64).refine(isWritable), value: orNull(attributeValue) }))
  .max(maxAttributes, `at most ${maxAttributes} attributes`);

const optionText = line(100);
const variant = z.object({
  sku: line(64),
  options: z
    .array(z.object({ name: optionText, value: optionText }))
    .max(maxOptionNames, `at most ${maxOptionNames} options`)
    .default([]),
  barcode: orNull(barcode),
  weightGrams: orNull(weightGrams),
});

const isPlace = (url: string) => /^(?:https:\/\/[^/\s]+\S*|\/(?!\/)\S*)$/.test(url);
const media = z
  .array(
    z.object({
      kind: z.enum(mediaKinds),
      url: line(2_000).refine(isPlace, 'must be an https address or a path from /'),
      alt: namesWithEnglish(500),
      width: orNull(z.int().min(1).max(maxPixels)),
      height: orNull(z.int().min(1).max(maxPixels)),
      focalPoint: orNull(z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) })),
    }),
  )
  .max(maxMedia, `at most ${maxMedia} pictures and videos`);

const distinct = <Item>(items: readonly Item[]) => new Set(items).size === items.length;
const categoryIds = z
  .array(id)
  .max(maxCategories, `at most ${maxCategories} categories`)
  .refine(distinct, 'a category is given twice');
const regions = orNull(
  z
    .array(region)
    .min(1, 'name a region, or leave it out for everywhere')
    .max(maxRegions, `at most ${maxRegions} regions`),
);

/** A product to create, without the key: what an import writes too. */
export const newProduct = z.object({
  typeCode: z.string().max(64).refine(isWritable, 'is no code'),
  slug: orNull(slug),
  texts: inLocales(texts).refine(hasEnglish, 'English is needed'),
  attributes: attributes.default([]),
  optionNames: z
    .array(optionText)
    .max(maxOptionNames, `at most ${maxOptionNames} options`)
    .refine(distinct, 'an option is named twice')
    .default([]),
  variants: z.array(variant).max(maxVariants, `at most ${maxVariants} variants`).default([]),
  categoryIds: categoryIds.default([]),
  media: media.default([]),
  regions,
});
export type NewProduct = z.output<typeof newProduct>;

const keyed = <Shape extends z.ZodRawShape>(shape: Shape) => z.object({ idempotencyKey, ...shape });
const ofProduct = <Shape extends z.ZodRawShape>(shape: Shape) => keyed({ productId: id, ...shape });

export const productCreate = keyed(newProduct.shape);
export const productUpdate = ofProduct({
  expectedVersion: orNull(z.int()),
  slug: orNull(slug),
  attributes: attributes.nullish().transform((changes) => changes ?? []),
  regions,
  everywhere: z
    .boolean()
    .nullish()
    .transform((isWanted) => isWanted ?? false),
}).refine(({ regions: named, everywhere }) => !(named && everywhere), {
  path: ['everywhere'],
  message: 'give either regions or everywhere',
});

const earliestPublish = new Date('2000-01-01T00:00:00Z');
const latestPublish = new Date('2100-01-01T00:00:00Z');
export const productPublish = ofProduct({
  publishAt: orNull(
    z.date().min(earliestPublish, 'must be in this century').max(latestPublish, 'must be in this century'),
  ),
});
export const productUnpublish = ofProduct({});
export const productArchive = ofProduct({});
export const productTranslationSave = ofProduct({ texts });
export const productMediaReplace = ofProduct({ media });
export const productRelationsReplace = ofProduct({
  kind: z.enum(relationKinds),
  targets: z
    .array(z.object({ productId: id, quantity: z.int().min(1).max(maxQuantity).default(1) }))
    .max(maxRelations, `at most ${maxRelations} products`)
    .refine((targets) => distinct(targets.map((target) => target.productId)), 'a product is given twice'),
});
export const productCategoriesReplace = ofProduct({ categoryIds });

export const variantCreate = ofProduct({ variant });
export const variantUpdate = keyed({
  variantId: id,
  sku: orNull(line(64)),
  barcode: barcode.nullish(),
  weightGrams: weightGrams.nullish(),
  position: orNull(position),
});
export const variantRemove = keyed({ variantId: id });

export const productTypeSave = keyed({
  code,
  name: line(200),
  attributes: z
    .array(
      z.object({
        code,
        name: line(200),
        kind: z.enum(attributeKinds),
        isRequired: z.boolean().default(false),
        isFilterable: z.boolean().default(false),
        choices: z.array(line(200)).max(maxChoices, `at most ${maxChoices} choices`).default([]),
        min: orNull(z.number()),
        max: orNull(z.number()),
      }),
    )
    .max(maxAttributes, `at most ${maxAttributes} attributes`),
});

export const categoryCreate = keyed({
  parentId: orNull(id),
  slug: orNull(slug),
  names: namesWithEnglish(500),
});
export const categoryUpdate = keyed({
  categoryId: id,
  slug: orNull(slug),
  names: namesIn(500)
    .nullish()
    .transform((names) => names ?? {}),
  position: orNull(position),
});
export const categoryMove = keyed({ categoryId: id, parentId: orNull(id) });
export const categoryRemove = keyed({ categoryId: id });
