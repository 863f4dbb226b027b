import type { AttributeDefinition } from './attribute-domain.ts';

/** The kinds of things the seeded shop sells: gear for going outside. */

const attribute = (
  code: string,
  name: string,
  kind: AttributeDefinition['kind'],
  rest: Partial<AttributeDefinition> = {},
): AttributeDefinition => ({
  code,
  name,
  kind,
  isRequired: false,
  isFilterable: true,
  choices: [],
  min: null,
  max: null,
  ...rest,
});

const choice = (code: string, name: string, ...choices: string[]) =>
  attribute(code, name, 'CHOICE', { choices });
const choices = (code: string, name: string, ...all: string[]) =>
  attribute(code, name, 'CHOICES', { choices: all });
const whole = (code: string, name: string, min: number, max: number) =>
  attribute(code, name, 'INTEGER', { min, max });

const colour = choice(
  'colour',
  'Colour',
  'black',
  'blue',
  'green',
  'grey',
  'orange',
  'red',
  'sand',
  'yellow',
);
const fabric = choice(
  'material',
  'Material',
  'cotton',
  'merino wool',
  'nylon',
  'polyester',
  'recycled polyester',
);
const season = choices('seasons', 'Seasons', 'spring', 'summer', 'autumn', 'winter');
const isWaterproof = attribute('isWaterproof', 'Waterproof', 'BOOLEAN');
const care = attribute('care', 'Care', 'TEXT', { isFilterable: false });
const inCollectionSince = attribute('inCollectionSince', 'In the collection since', 'DATE', {
  isFilterable: false,
});
const required = (definition: AttributeDefinition): AttributeDefinition => ({
  ...definition,
  isRequired: true,
});

export type TypeContent = {
  readonly code: string;
  readonly name: string;
  readonly attributes: readonly AttributeDefinition[];
  /** What its variants differ in, with three values each product takes. */
  readonly option: { readonly name: string; readonly values: readonly [string, string, string][] };
  readonly weightGrams: number;
};

const sizes: readonly [string, string, string][] = [
  ['S', 'M', 'L'],
  ['M', 'L', 'XL'],
  ['XS', 'S', 'M'],
];
const shoeSizes: readonly [string, string, string][] = [
  ['38', '39', '40'],
  ['41', '42', '43'],
  ['44', '45', '46'],
];
const colours: readonly [string, string, string][] = [
  ['black', 'red', 'blue'],
  ['green', 'sand', 'grey'],
];
const size = { name: 'size', values: sizes };
const inColours = { name: 'colour', values: colours };

export const typeContents: readonly TypeContent[] = [
  {
    code: 'jacket',
    name: 'Jacket',
    option: size,
    weightGrams: 650,
    attributes: [
      required(colour),
      fabric,
      isWaterproof,
      whole('waterColumnMm', 'Water column in mm', 0, 30_000),
      season,
      care,
    ],
  },
  {
    code: 'shirt',
    name: 'Shirt',
    option: size,
    weightGrams: 190,
    attributes: [required(colour), fabric, choice('sleeve', 'Sleeve', 'none', 'short', 'long'), season, care],
  },
  {
    code: 'trousers',
    name: 'Trousers',
    option: size,
    weightGrams: 420,
    attributes: [
      required(colour),
      fabric,
      choice('length', 'Length', 'short', 'three quarters', 'long'),
      season,
      care,
    ],
  },
  {
    code: 'shoe',
    name: 'Shoe',
    option: { name: 'size', values: shoeSizes },
    weightGrams: 1_100,
    attributes: [
      required(colour),
      choice('upper', 'Upper', 'leather', 'suede', 'textile'),
      isWaterproof,
      whole('shaftHeightMm', 'Shaft height in mm', 40, 300),
      inCollectionSince,
    ],
  },
  {
    code: 'backpack',
    name: 'Backpack',
    option: inColours,
    weightGrams: 1_400,
    attributes: [
      fabric,
      whole('volumeLitres', 'Volume in litres', 5, 120),
      attribute('hasRainCover', 'Rain cover', 'BOOLEAN'),
      choices('uses', 'Uses', 'hiking', 'climbing', 'travel', 'city'),
    ],
  },
  {
    code: 'tent',
    name: 'Tent',
    option: inColours,
    weightGrams: 2_900,
    attributes: [
      whole('persons', 'Persons', 1, 8),
      whole('waterColumnMm', 'Water column in mm', 1_000, 10_000),
      choice('shape', 'Shape', 'dome', 'tunnel', 'geodesic', 'tipi'),
      season,
    ],
  },
  {
    code: 'sleepingBag',
    name: 'Sleeping bag',
    option: { name: 'length', values: [['170 cm', '185 cm', '200 cm']] },
    weightGrams: 980,
    attributes: [
      colour,
      choice('filling', 'Filling', 'down', 'synthetic'),
      attribute('comfortCelsius', 'Comfort in °C', 'NUMBER', { min: -40, max: 20 }),
      season,
    ],
  },
  {
    code: 'stove',
    name: 'Stove',
    option: { name: 'set', values: [['stove', 'stove and pot', 'stove and two pots']] },
    weightGrams: 350,
    attributes: [
      required(choice('fuel', 'Fuel', 'gas', 'petrol', 'alcohol', 'wood')),
      whole('powerWatts', 'Power in W', 500, 5_000),
      attribute('hasPiezo', 'Piezo lighter', 'BOOLEAN'),
    ],
  },
  {
    code: 'bottle',
    name: 'Bottle',
    option: inColours,
    weightGrams: 310,
    attributes: [
      choice('material', 'Material', 'steel', 'aluminium', 'plastic', 'glass'),
      attribute('volumeLitres', 'Volume in litres', 'NUMBER', { min: 0.2, max: 3 }),
      attribute('isInsulated', 'Insulated', 'BOOLEAN'),
    ],
  },
  {
    code: 'lamp',
    name: 'Lamp',
    option: inColours,
    weightGrams: 120,
    attributes: [
      whole('lumens', 'Light in lm', 20, 3_000),
      whole('runtimeHours', 'Runtime in h', 1, 300),
      choice('power', 'Power', 'battery', 'rechargeable', 'solar'),
    ],
  },
  {
    code: 'helmet',
    name: 'Helmet',
    option: size,
    weightGrams: 330,
    attributes: [
      required(colour),
      choices('uses', 'Uses', 'cycling', 'climbing', 'skiing'),
      attribute('hasVisor', 'Visor', 'BOOLEAN'),
      inCollectionSince,
    ],
  },
  {
    code: 'bicycle',
    name: 'Bicycle',
    option: { name: 'frame', values: [['S', 'M', 'L']] },
    weightGrams: 14_500,
    attributes: [
      required(colour),
      whole('gears', 'Gears', 1, 30),
      attribute('wheelInches', 'Wheel in inches', 'NUMBER', { min: 12, max: 29 }),
      choice('frameMaterial', 'Frame', 'steel', 'aluminium', 'carbon', 'titanium'),
    ],
  },
];
