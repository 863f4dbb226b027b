import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  type DocumentNode,
  type FieldDefinitionNode,
  findBreakingChanges,
  Kind,
  parse,
  type TypeDefinitionNode,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { publicGraph } from '../scripts/compose.ts';
import { root } from '../scripts/repository.ts';

/** The rules of the public contract. Their reasons stand in CONTRIBUTING.md. */
const read = (name: string) => readFileSync(join(root, 'schema', name), 'utf8');
const subgraphFiles = [
  'shared.graphql',
  ...readdirSync(join(root, 'subgraphs')).map((name) => `${name}.graphql`),
];
const documents = subgraphFiles.map((file) => ({ file, document: parse(read(file)) }));

type Described = { place: string; isDescribed: boolean };

const typesOf = (document: DocumentNode) =>
  document.definitions.filter(
    (node): node is TypeDefinitionNode => 'name' in node && node.kind.endsWith('TypeDefinition'),
  );

const fieldsOf = (type: TypeDefinitionNode): readonly FieldDefinitionNode[] =>
  type.kind === Kind.OBJECT_TYPE_DEFINITION || type.kind === Kind.INTERFACE_TYPE_DEFINITION
    ? (type.fields ?? [])
    : [];

const describedIn = (type: TypeDefinitionNode): Described[] => {
  const isRoot = ['Query', 'Mutation', 'Subscription'].includes(type.name.value);
  const parts = 'fields' in type ? (type.fields ?? []) : 'values' in type ? (type.values ?? []) : [];
  return [
    { place: type.name.value, isDescribed: isRoot || type.description !== undefined },
    ...parts.map((part) => ({
      place: `${type.name.value}.${part.name.value}`,
      isDescribed: part.description !== undefined,
    })),
  ];
};

const mutations = documents.flatMap(({ document }) =>
  typesOf(document)
    .filter((type) => type.name.value === 'Mutation')
    .flatMap(fieldsOf),
);
const allTypes = new Map(
  documents.flatMap(({ document }) => typesOf(document)).map((type) => [type.name.value, type]),
);

const nameOf = (field: { type: FieldDefinitionNode['type'] }): string => {
  let type = field.type;
  while (type.kind !== Kind.NAMED_TYPE) type = type.type;
  return type.name.value;
};

describe('the schema', () => {
  it.each(documents)('$file describes every type, field and value', ({ document }) => {
    const silent = typesOf(document)
      .flatMap(describedIn)
      .filter(({ isDescribed }) => !isDescribed);
    expect(silent.map(({ place }) => place)).toEqual([]);
  });

  it.each(documents)('$file has each type in one piece', ({ document }) => {
    const extended = document.definitions.flatMap((node) =>
      node.kind.endsWith('TypeExtension') && 'name' in node ? (node.name?.value ?? '') : [],
    );
    expect(extended).toEqual([]);
  });

  it('asks for nothing computed from arguments: planners give silently wrong data there', () => {
    const wrong = documents.flatMap(({ document }) =>
      typesOf(document).flatMap((type) => {
        const fields = new Map(fieldsOf(type).map((field) => [field.name.value, field]));
        return [...fields.values()]
          .flatMap((field) => (field.directives ?? []).filter(({ name }) => name.value === 'requires'))
          .flatMap(({ arguments: given }) =>
            (given ?? []).flatMap(({ value }) => ('value' in value ? String(value.value).split(/\W+/) : [])),
          )
          .filter((name) => (fields.get(name)?.arguments ?? []).length > 0)
          .map((name) => `${type.name.value}.${name}`);
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe.each(mutations.map((field) => [field.name.value, field] as const))('mutation %s', (name, field) => {
  it('takes one input, which carries an idempotency key', () => {
    expect((field.arguments ?? []).map((argument) => argument.name.value)).toEqual(['input']);
    const [argument] = field.arguments ?? [];
    const input = argument && allTypes.get(nameOf(argument));
    const keys =
      input?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? input.fields?.map((part) => part.name.value) : [];
    expect(keys?.[0]).toBe('idempotencyKey');
  });

  it('answers a union of one success and named refusals', () => {
    const result = allTypes.get(nameOf(field));
    expect(result?.name.value).toBe(`${name[0]?.toUpperCase()}${name.slice(1)}Result`);
    const members = result?.kind === Kind.UNION_TYPE_DEFINITION ? (result.types ?? []) : [];
    const refusals = members.filter((member) => {
      const type = allTypes.get(member.name.value);
      return (
        type?.kind === Kind.OBJECT_TYPE_DEFINITION &&
        type.interfaces?.some(({ name: of }) => of.value === 'UserError')
      );
    });
    expect(members.length - refusals.length).toBe(1);
    expect(refusals.map((member) => member.name.value)).toContain('IdempotencyConflict');
    expect(refusals.map((member) => member.name.value)).toContain('InvalidInput');
  });
});

describe('the public graph', () => {
  it('breaks no client without a line in the changelog', () => {
    const released = buildSchema(read('released.graphql'));
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
    const unreleased = changelog.match(/## Unreleased\n([\s\S]*?)(?=\n## |$)/)?.[1] ?? '';
    const silent = findBreakingChanges(released, publicGraph(read('supergraph.graphql')))
      .map(({ description }) => description)
      .filter((description) => !unreleased.includes(description));
    expect(silent, 'Say so in CHANGELOG.md under Unreleased, in these words.').toEqual([]);
  });
});
