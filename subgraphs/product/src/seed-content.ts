/** What the seeded shop calls things, in English and German. */

/** A category in English and German; one without children says what stands there: the type and its name. */
export type CategoryContent = {
  readonly en: string;
  readonly de: string;
  readonly children?: readonly CategoryContent[];
  readonly sells?: { readonly type: string; readonly en: string; readonly de: string };
};

const branch = (en: string, de: string, ...children: CategoryContent[]): CategoryContent => ({
  en,
  de,
  children,
});
const leaf = (en: string, de: string, type: string, one: string, eine: string): CategoryContent => ({
  en,
  de,
  sells: { type, en: one, de: eine },
});

export const categoryContents: readonly CategoryContent[] = [
  branch(
    'Clothing',
    'Bekleidung',
    branch(
      'Jackets',
      'Jacken',
      branch(
        'Rain jackets',
        'Regenjacken',
        leaf('Hardshell jackets', 'Hardshelljacken', 'jacket', 'Hardshell Jacket', 'Hardshelljacke'),
        leaf('Ponchos', 'Ponchos', 'jacket', 'Rain Poncho', 'Regenponcho'),
      ),
      branch(
        'Warm jackets',
        'Warme Jacken',
        leaf('Down jackets', 'Daunenjacken', 'jacket', 'Down Jacket', 'Daunenjacke'),
        leaf('Fleece jackets', 'Fleecejacken', 'jacket', 'Fleece Jacket', 'Fleecejacke'),
      ),
    ),
    branch(
      'Shirts',
      'Hemden und Shirts',
      leaf('T-shirts', 'T-Shirts', 'shirt', 'T-Shirt', 'T-Shirt'),
      leaf('Base layers', 'Unterwäsche', 'shirt', 'Base Layer', 'Funktionsshirt'),
      leaf('Hiking shirts', 'Wanderhemden', 'shirt', 'Hiking Shirt', 'Wanderhemd'),
    ),
    branch(
      'Trousers',
      'Hosen',
      leaf('Hiking trousers', 'Wanderhosen', 'trousers', 'Hiking Trousers', 'Wanderhose'),
      leaf('Shorts', 'Kurze Hosen', 'trousers', 'Shorts', 'Shorts'),
    ),
  ),
  branch(
    'Footwear',
    'Schuhe',
    branch(
      'Boots',
      'Stiefel',
      branch(
        'Hiking boots',
        'Wanderstiefel',
        leaf(
          'Light hiking boots',
          'Leichte Wanderstiefel',
          'shoe',
          'Light Hiking Boot',
          'Leichter Wanderstiefel',
        ),
        leaf('Mountain boots', 'Bergstiefel', 'shoe', 'Mountain Boot', 'Bergstiefel'),
      ),
      leaf('Winter boots', 'Winterstiefel', 'shoe', 'Winter Boot', 'Winterstiefel'),
    ),
    branch(
      'Low shoes',
      'Halbschuhe',
      leaf('Trail running shoes', 'Trailrunningschuhe', 'shoe', 'Trail Running Shoe', 'Trailrunningschuh'),
      leaf('Sandals', 'Sandalen', 'shoe', 'Sandal', 'Sandale'),
    ),
  ),
  branch(
    'Camping',
    'Camping',
    branch(
      'Sleeping',
      'Schlafen',
      branch(
        'Tents',
        'Zelte',
        leaf('Trekking tents', 'Trekkingzelte', 'tent', 'Trekking Tent', 'Trekkingzelt'),
        leaf('Family tents', 'Familienzelte', 'tent', 'Family Tent', 'Familienzelt'),
      ),
      leaf('Sleeping bags', 'Schlafsäcke', 'sleepingBag', 'Sleeping Bag', 'Schlafsack'),
    ),
    branch(
      'Cooking',
      'Kochen',
      leaf('Stoves', 'Kocher', 'stove', 'Camping Stove', 'Campingkocher'),
      leaf('Bottles', 'Flaschen', 'bottle', 'Bottle', 'Trinkflasche'),
    ),
    leaf('Lamps', 'Lampen', 'lamp', 'Camping Lamp', 'Campinglampe'),
  ),
  branch(
    'Packs',
    'Rucksäcke',
    leaf('Trekking backpacks', 'Trekkingrucksäcke', 'backpack', 'Trekking Backpack', 'Trekkingrucksack'),
    leaf('Daypacks', 'Tagesrucksäcke', 'backpack', 'Daypack', 'Tagesrucksack'),
  ),
  branch(
    'Cycling',
    'Radfahren',
    leaf('Bicycles', 'Fahrräder', 'bicycle', 'Touring Bicycle', 'Tourenrad'),
    branch(
      'Safety',
      'Sicherheit',
      leaf('Helmets', 'Helme', 'helmet', 'Cycling Helmet', 'Fahrradhelm'),
      leaf('Bicycle lamps', 'Fahrradlampen', 'lamp', 'Bicycle Lamp', 'Fahrradlampe'),
    ),
  ),
];

/** Product lines; a name is a line, a number where the line comes again, and the thing. */
export const lines = [
  'Nordkap',
  'Karwendel',
  'Aurora',
  'Fjordline',
  'Montrose',
  'Silvretta',
  'Kestrel',
  'Tundra',
  'Rannoch',
  'Zugspitz',
  'Lofoten',
  'Brenner',
  'Skye',
  'Arlberg',
  'Cairn',
  'Dovre',
  'Engadin',
  'Faroe',
  'Glenmore',
  'Hallstatt',
  'Isarwinkel',
  'Jotun',
  'Kandel',
  'Lauvitel',
  'Merano',
  'Nevis',
  'Ortler',
  'Pamir',
  'Quilotoa',
  'Rondane',
  'Saimaa',
  'Tatra',
  'Ushguli',
  'Vanoise',
  'Watzmann',
  'Yukon',
  'Zermatt',
  'Abisko',
  'Bergen',
  'Connemara',
] as const;

export const praises = [
  {
    en: 'Light enough to forget, strong enough to rely on.',
    de: 'Leicht genug zum Vergessen, stark genug zum Verlassen.',
  },
  { en: 'Made to be repaired, not replaced.', de: 'Gemacht zum Reparieren, nicht zum Ersetzen.' },
  {
    en: 'Tried for two winters before we dared to sell it.',
    de: 'Zwei Winter lang erprobt, bevor wir es verkauft haben.',
  },
  { en: 'What our own staff take along.', de: 'Was unsere eigenen Leute mitnehmen.' },
  { en: 'Keeps its shape after years of use.', de: 'Behält seine Form nach Jahren im Gebrauch.' },
  { en: 'Packs small and asks for nothing.', de: 'Klein verpackt und anspruchslos.' },
] as const;
