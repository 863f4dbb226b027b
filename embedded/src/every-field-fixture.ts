import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isUnionType,
} from 'graphql';

/** What is said for an id and for a text where one is asked for. */
export type Said = { readonly id: string; readonly text: string };

const scalars: Readonly<Record<string, unknown>> = {
  ...{ Boolean: true, Int: 1, Float: 1, MinorUnits: 1, Currency: 'EUR', Region: 'DE', Locale: 'en' },
  ...{ DateTime: '2030-01-01T00:00:00.000Z', Base64: 'YQ==', AttributeValue: 'a' },
};

const isWanted = (type: GraphQLInputType): boolean => isNonNullType(type) || getNamedType(type).name === 'ID';

/** A value of any input type: all ids that can be said, and of the rest what must be. */
export const saying = (type: GraphQLInputType, said: Said): unknown => {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [saying(nullable.ofType, said)];
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  if (isInputObjectType(nullable)) {
    const fields = Object.values(nullable.getFields()).filter((field) => isWanted(field.type));
    return Object.fromEntries(
      fields.map(({ name, type: inner }) => [
        name,
        name === 'idempotencyKey' ? `key-${crypto.randomUUID()}` : saying(inner, said),
      ]),
    );
  }
  if (nullable.name === 'ID') return said.id;
  return scalars[nullable.name] ?? said.text;
};

const isRequired = ({ type, defaultValue }: GraphQLArgument): boolean =>
  isNonNullType(type) && defaultValue === undefined;

const written = (value: unknown, type: GraphQLInputType): string =>
  isEnumType(getNamedType(type)) ? String(value) : JSON.stringify(value);

const argumentsOf = ({ args }: GraphQLField<unknown, unknown>, said: Said): string => {
  const parts = args
    // Of lists the first alone: everything below is asked for once for each.
    .filter((one) => isRequired(one) || isWanted(one.type) || one.name === 'first')
    .map(({ name, type }) => `${name}: ${written(saying(type, said), type)}`);
  return parts.length === 0 ? '' : `(${parts.join(', ')})`;
};

/** Where in the selection something stands: below these types, and maybe in one of several that an object can be of. */
type Place = { readonly above: readonly string[]; readonly isMember: boolean };

const everyFieldOf = (
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
  said: Said,
  { above, isMember }: Place,
): string | null => {
  const inside = [...above, type.name];
  const fields = isUnionType(type) ? [] : Object.values(type.getFields());
  const asked = fields.flatMap((field) => {
    const everything = everythingOf(schema, field, said, inside);
    if (everything === null) return [];
    // Fields of two members that have a name in common may differ in type.
    return isMember ? `${type.name}_${field.name}: ${everything}` : everything;
  });
  const members = isAbstractType(type) ? schema.getPossibleTypes(type) : [];
  const parts = members.flatMap((member) => {
    if (inside.includes(member.name)) return [];
    const all = everyFieldOf(schema, member, said, { above: inside, isMember: true });
    return all === null ? [] : `... on ${member.name} ${all}`;
  });
  return asked.length + parts.length === 0 ? null : `{ ${[...asked, ...parts].join(' ')} }`;
};

/** A field with everything below it, as deep as it goes without coming to a type that it stands below; or null. */
export const everythingOf = (
  schema: GraphQLSchema,
  field: GraphQLField<unknown, unknown>,
  said: Said,
  above: readonly string[],
): string | null => {
  const type = getNamedType(field.type);
  const called = `${field.name}${argumentsOf(field, said)}`;
  if (!isCompositeType(type)) return called;
  if (above.includes(type.name)) return null;
  const below = everyFieldOf(schema, type, said, { above, isMember: false });
  return below === null ? null : `${called} ${below}`;
};
