import {
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isUnionType,
} from 'graphql';

/** An operation that nobody thought of. */
export type MadeOperation = { readonly text: string; readonly variables: Readonly<Record<string, unknown>> };

/** What some fields are asked for with; of the others nothing is said. */
const argumentsOf: Readonly<Record<string, readonly string[]>> = {
  product: ['(id: "p2")', '(id: "p9")', '(id: $id)'],
  products: ['', '(first: 0)', '(first: $few)'],
  label: ['', '(upper: true)', '(upper: $yes)'],
  price: ['', '(currency: USD)', '(currency: $money)', '(currency: EUR)'],
  shelf: ['', '(side: null)', '(side: "right")', '(side: $side)'],
  reviews: ['', '(first: 1)'],
  rating: ['', '(of: 10)', '(of: $few)'],
};

const variables: Readonly<Record<string, { readonly type: string; readonly values: readonly unknown[] }>> = {
  id: { type: 'ID! = "p1"', values: ['p3', 'p6'] },
  few: { type: 'Int! = 2', values: [1, 4] },
  yes: { type: 'Boolean!', values: [true, false] },
  no: { type: 'Boolean!', values: [true, false] },
  money: { type: 'Currency! = USD', values: ['EUR', 'USD'] },
  side: { type: 'String = "far"', values: [null, 'near'] },
};

/** Names that planners, keys and JavaScript have a meaning for. */
const hazards = ['id', 'price', 'available', '__typename', '__proto__', 'constructor', 'label', 'x'];

/** Most fields have none. */
const conditions = [
  ...['', '', '', '', ''],
  ' @include(if: $yes)',
  ' @skip(if: $no)',
  ' @skip(if: $no) @include(if: $yes)',
  ' @include(if: true)',
];

const maxDepth = 5;

/** Makes an operation from numbers: the same from the same, a smaller one from fewer. It need not be valid. */
export const makeOperation = (schema: GraphQLSchema, numbers: readonly number[]): MadeOperation => {
  let at = 0;
  const draw = (below: number): number => {
    const number = numbers[at] ?? 0;
    at += 1;
    return number % below;
  };
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)] as T;
  const fragments: string[] = [];

  const condition = (): string => pick(conditions);

  const aliasOf = (name: string, given: string): string => {
    const way = draw(12);
    if (way === 11) return `${pick(hazards)}: `;
    if (way === 10) return `other_${name}: `;
    return given === '' ? '' : `${name}_${given.replaceAll(/\W+/g, '_')}: `;
  };

  const field = ({ name, type }: GraphQLField<unknown, unknown>, depth: number): string => {
    const inner = getNamedType(type);
    const given = name === 'reviews' ? '' : pick(argumentsOf[name] ?? ['']);
    const below = isCompositeType(inner) ? ` ${selection(inner, depth + 1)}` : '';
    return `${aliasOf(name, given)}${name}${given}${condition()}${below}`;
  };

  const fragment = (type: GraphQLCompositeType, depth: number): string => {
    const wanted = isAbstractType(type) && draw(4) > 0 ? pick(schema.getPossibleTypes(type)) : type;
    const body = selection(wanted, depth + 1);
    if (draw(3) > 0)
      return `...${draw(5) === 0 && wanted === type ? '' : ` on ${wanted.name}`}${condition()} ${body}`;
    const name = `f${fragments.length}`;
    fragments.push(`fragment ${name} on ${wanted.name} ${body}`);
    return `...${name}${condition()}`;
  };

  const selection = (type: GraphQLCompositeType, depth: number): string => {
    const fields = isUnionType(type) ? [] : Object.values(type.getFields());
    const leaves = fields.filter((one) => !isCompositeType(getNamedType(one.type)));
    const usable = depth >= maxDepth ? leaves : fields;
    const count = 1 + draw(depth === 0 ? 4 : 3);
    const parts = Array.from({ length: count }, () => {
      const way = draw(8);
      if (way === 7) return `${pick(['', 'kindOf: '])}__typename`;
      if (way >= 5 && depth < maxDepth) return fragment(type, depth);
      return usable.length === 0 ? '__typename' : field(pick(usable), depth);
    });
    return `{ ${parts.join(' ')} }`;
  };

  const root = schema.getQueryType();
  if (!root) throw new Error('There is nothing to ask for.');
  const body = [selection(root, 0), ...fragments].join('\n');
  const used = Object.entries(variables).filter(([name]) => new RegExp(`\\$${name}\\b`).test(body));
  const header = used.map(([name, { type }]) => `$${name}: ${type}`).join(', ');
  const isLeftOut = (type: string): boolean => type.includes('=') && draw(2) === 0;
  const given = used
    .filter(([, { type }]) => !isLeftOut(type))
    .map(([name, { values }]) => [name, pick(values)]);
  return { text: `query ${header && `(${header}) `}${body}`, variables: Object.fromEntries(given) };
};
