import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  parse,
  valueFromASTUntyped,
} from 'graphql';
import type { IsOfType } from '../run/representation.ts';
import { type Guard, guardOf } from './guard.ts';
import { type Hints, readHints } from './hints.ts';

/** A subgraph as the supergraph names it. */
export type SubgraphPlace = { readonly name: string; readonly url: string };

/** What the router reads of a supergraph itself; the rest is the planner's. */
export type Supergraph = {
  readonly subgraphs: readonly SubgraphPlace[];
  readonly isOfType: IsOfType;
  /** Whether a type has a key, so that it can be changed apart from what holds it. */
  readonly isEntity: (type: string) => boolean;
  /**
   * The fields that subgraphs are told of entities, which planners add to what clients ask for; and whether some
   * subgraph is told them with arguments.
   */
  readonly toldFields: ReadonlyMap<string, boolean>;
  /** Who may see a field; null when everybody may. */
  readonly guardOf: (type: string, field: string) => Guard | null;
  readonly hints: Hints;
};

type Argued = { readonly [name: string]: unknown };

const argumentsOf = (directive: ConstDirectiveNode): Argued =>
  Object.fromEntries(
    (directive.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
  );

const find = (nodes: readonly ConstDirectiveNode[] = [], name: string): readonly Argued[] =>
  nodes.filter((node) => node.name.value === name).map(argumentsOf);

const subgraphsOf = (definitions: readonly DefinitionNode[]): SubgraphPlace[] => {
  const graphs = definitions.find(
    (node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph',
  );
  if (graphs?.kind !== Kind.ENUM_TYPE_DEFINITION) {
    throw new Error('This is not a supergraph: it names no subgraphs (the enum join__Graph is missing).');
  }
  return (graphs.values ?? []).flatMap(({ directives }) =>
    find(directives, 'join__graph').map(({ name, url }) => ({ name: String(name), url: String(url ?? '') })),
  );
};

/** Which concrete types each abstract type has. */
const membersOf = (definitions: readonly DefinitionNode[]): Map<string, Set<string>> => {
  const members = new Map<string, Set<string>>();
  const add = (type: string, concrete: string) => {
    const known = members.get(type) ?? new Set();
    members.set(type, known.add(concrete));
  };
  for (const node of definitions) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION) {
      for (const { name } of node.interfaces ?? []) add(name.value, node.name.value);
      for (const argued of find(node.directives, 'join__implements'))
        add(String(argued['interface']), node.name.value);
    }
    if (node.kind !== Kind.UNION_TYPE_DEFINITION) continue;
    for (const { name } of node.types ?? []) add(node.name.value, name.value);
  }
  return members;
};

/**
 * Every name an object of a type may have for its own: of an abstract type those of its members, and its own as well,
 * because a subgraph that has the interface as an object knows no other.
 */
export const namesOfObjects = (sdl: string): ((type: string) => readonly string[]) => {
  const members = membersOf(parse(sdl, { noLocation: true }).definitions);
  return (type) => [type, ...(members.get(type) ?? [])];
};

const entitiesOf = (definitions: readonly DefinitionNode[]): Set<string> =>
  new Set(
    definitions
      .filter(isTypeDefinitionNode)
      .filter(({ directives }) => find(directives, 'join__type').some(({ key }) => key !== undefined))
      .map(({ name }) => name.value),
  );

type Directed = { readonly directives?: readonly ConstDirectiveNode[] | undefined };

const toldFieldsOf = (definitions: readonly DefinitionNode[]): Map<string, boolean> => {
  const types = definitions.filter(isTypeDefinitionNode);
  const fields = types.flatMap((type): Directed[] => ('fields' in type ? [...(type.fields ?? [])] : []));
  const keys = types.flatMap(({ directives }) => find(directives, 'join__type').map(({ key }) => key));
  const required = fields.flatMap(({ directives }) =>
    find(directives, 'join__field').map(({ requires }) => requires),
  );
  const told = new Map<string, boolean>();
  for (const fieldSet of [...keys, ...required])
    for (const [, name = '', bracket = ''] of String(fieldSet ?? '').matchAll(/(\w+)\s*(\(?)/g))
      told.set(name, told.get(name) === true || bracket !== '');
  return told;
};

const namedTypeOf = (field: FieldDefinitionNode): string => {
  let { type } = field;
  while (type.kind !== Kind.NAMED_TYPE) type = type.type;
  return type.name.value;
};

/** Guards by what carries them; those that ask for the same are one, so that it is decided once for an operation. */
const createGuardBook = () => {
  const byName = new Map<string, Guard>();
  const byText = new Map<string, Guard>();
  return {
    byName,
    note: (name: string, guard: Guard | null) => {
      if (!guard || guard.length === 0) return;
      const text = JSON.stringify(guard);
      const same = byText.get(text) ?? guard;
      byText.set(text, same);
      byName.set(name, same);
    },
  };
};

/** The guards of all fields: their own, that of the type they stand in, and that of the type they give. */
const guardsOf = (definitions: readonly DefinitionNode[]): ReadonlyMap<string, Guard> => {
  const types = definitions.filter(isTypeDefinitionNode);
  const ofTypes = createGuardBook();
  for (const type of types) ofTypes.note(type.name.value, guardOf(type.directives ?? [], type.name.value));
  const ofFields = createGuardBook();
  for (const type of types) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const ofType = ofTypes.byName.get(type.name.value) ?? [];
    for (const field of type.fields ?? []) {
      const called = `${type.name.value}.${field.name.value}`;
      const own = guardOf(field.directives ?? [], called) ?? [];
      ofFields.note(called, [...own, ...ofType, ...(ofTypes.byName.get(namedTypeOf(field)) ?? [])]);
    }
  }
  return ofFields.byName;
};

/** Reads a supergraph; throws a sentence when it is none. */
export const readSupergraph = (sdl: string): Supergraph => {
  const { definitions } = parse(sdl, { noLocation: true });
  const members = membersOf(definitions);
  const guards = guardsOf(definitions);
  const entities = entitiesOf(definitions);
  return {
    subgraphs: subgraphsOf(definitions),
    isOfType: (concrete, type) => concrete === type || members.get(type)?.has(concrete) === true,
    isEntity: (type) => entities.has(type),
    toldFields: toldFieldsOf(definitions),
    guardOf: (type, field) => guards.get(`${type}.${field}`) ?? null,
    hints: readHints(definitions),
  };
};
