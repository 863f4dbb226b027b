import { readSchema } from '@storegraph/server';

const typeOf = (mutation: string, suffix: string): string =>
  `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}${suffix}`;

/** A subgraph's mutations as documents that ask for everything of their outcomes; fragments that cannot match are left out. */
export const documentsOf = (
  subgraph: string,
  fragmentsOf: (mutation: string) => readonly string[],
): ((mutation: string) => string) => {
  const unions = new Map(
    readSchema(subgraph).definitions.flatMap((each) =>
      each.kind === 'UnionTypeDefinition'
        ? [[each.name.value, (each.types ?? []).map((type) => type.name.value)] as const]
        : [],
    ),
  );
  return (mutation) => {
    const members = ['UserError', ...(unions.get(typeOf(mutation, 'Result')) ?? [])];
    const fits = fragmentsOf(mutation).filter((part) =>
      members.some((name) => part.startsWith(`... on ${name} `)),
    );
    return `mutation ($input: ${typeOf(mutation, 'Input')}!) { ${mutation}(input: $input) { __typename ${fits.join(' ')} } }`;
  };
};
