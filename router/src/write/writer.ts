import { collectFields, fieldOf, type Selecting } from '@storegraph/server';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isAbstractType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
} from 'graphql';
import { leafWriter } from './leaf.ts';
import { type FieldOut, isObject, writeOut } from './write-out.ts';
import type { Flaw, Writer, Writing } from './writing.ts';

export type { Flaw };

/** Where a value stands: response names, and for each list the depth its index is kept at. */
type Place = readonly (string | { readonly depth: number })[];

/** What a guard says of a field: its number where it keeps the viewer away, else null. */
export type Denied = (type: string, field: string) => number | null;

export type WriterOptions = {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly conditions: ReadonlyMap<string, boolean>;
  readonly denied: Denied;
  /** What the client calls a response name that had to be another on the way. */
  readonly clientName: (name: string) => string;
};

type Compiling = Selecting & Pick<WriterOptions, 'denied' | 'clientName'>;

/** Makes the function that writes the data of an operation, nulls propagated as the schema says. */
export const createWriter = (
  options: WriterOptions,
): ((data: unknown) => { text: string; flaws: Flaw[] }) => {
  const { schema, operation } = options;
  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no ${operation.operation}.`);
  const write = objectWriter(options, root, [operation.selectionSet], [], 0);
  return (data) => {
    const writing: Writing = { indices: [], flaws: [] };
    const text = write(data, writing) ?? 'null';
    return { text, flaws: writing.flaws };
  };
};

const placed = (place: Place, { indices }: Writing): (string | number)[] =>
  place.map((step) => (typeof step === 'string' ? step : (indices[step.depth] ?? 0)));

const objectWriter = (
  compiling: Compiling,
  type: GraphQLObjectType | GraphQLInterfaceType,
  selectionSets: Parameters<typeof collectFields>[2],
  place: Place,
  depth: number,
): Writer => {
  const fields: FieldOut[] = [];
  for (const [name, nodes] of collectFields(compiling, type, selectionSets)) {
    const clientName = compiling.clientName(name);
    const write = fieldWriter(compiling, type, nodes, [...place, clientName], depth);
    fields.push({ name, clientName, write, type: openTypeOf(compiling, type, nodes) });
  }
  return writeOut(fields);
};

/** The type of a field that nothing stands before. */
const openTypeOf = (
  { schema, denied }: Compiling,
  parent: GraphQLObjectType | GraphQLInterfaceType,
  nodes: readonly FieldNode[],
): GraphQLOutputType | null => {
  const name = nodes[0]?.name.value ?? '';
  if (name === '__typename' || denied(parent.name, name) !== null) return null;
  return fieldOf(schema, parent, name)?.type ?? null;
};

const fieldWriter = (
  compiling: Compiling,
  parent: GraphQLObjectType | GraphQLInterfaceType,
  nodes: readonly FieldNode[],
  place: Place,
  depth: number,
): Writer => {
  const name = nodes[0]?.name.value ?? '';
  if (name === '__typename') return typenameWriter(parent, place);
  const field = fieldOf(compiling.schema, parent, name);
  if (!field) throw new Error(`${parent.name} has no field ${name}.`);
  const guard = compiling.denied(parent.name, name);
  const called = `${parent.name}.${name}`;
  if (guard !== null) return deniedWriter(guard, place, isNonNullType(field.type));
  return typeWriter(compiling, field.type, { nodes, called }, place, depth);
};

const typenameWriter = (parent: GraphQLObjectType | GraphQLInterfaceType, place: Place): Writer => {
  const text = JSON.stringify(parent.name);
  if (isObjectType(parent)) return () => text;
  // Nothing said of what type it is.
  return (_value, writing) => {
    writing.flaws.push({
      kind: 'missing',
      field: `${parent.name}.__typename`,
      path: placed(place, writing),
    });
    return null;
  };
};

const deniedWriter =
  (guard: number, place: Place, isNonNull: boolean): Writer =>
  (_value, writing) => {
    writing.flaws.push({ kind: 'denied', guard, path: placed(place, writing) });
    return isNonNull ? null : 'null';
  };

type Selected = { readonly nodes: readonly FieldNode[]; readonly called: string };

/** Writes a value that may be null, or propagates a null that may not be. */
const typeWriter = (
  compiling: Compiling,
  type: GraphQLOutputType,
  selected: Selected,
  place: Place,
  depth: number,
): Writer => {
  const nullable = getNullableType(type);
  const missing = isNonNullType(type) ? null : 'null';
  const lack = (writing: Writing): string | null => {
    if (missing === null)
      writing.flaws.push({ kind: 'missing', field: selected.called, path: placed(place, writing) });
    return missing;
  };
  if (!isLeafType(nullable)) {
    const write = presentWriter(compiling, nullable, selected, place, depth);
    return (value, writing) => (value == null ? lack(writing) : (write(value, writing) ?? missing));
  }
  // Most values are leaves: one function each, and not three.
  const write = leafWriter(nullable);
  return (value, writing) => {
    if (value == null) return lack(writing);
    const text = write(value);
    if (text !== null) return text;
    writing.flaws.push({ kind: 'wrong', field: selected.called, path: placed(place, writing) });
    return missing;
  };
};

const presentWriter = (
  compiling: Compiling,
  type: GraphQLOutputType,
  selected: Selected,
  place: Place,
  depth: number,
): Writer => {
  const wrong = (writing: Writing): null => {
    writing.flaws.push({ kind: 'wrong', field: selected.called, path: placed(place, writing) });
    return null;
  };
  if (isListType(type)) {
    const write = typeWriter(compiling, type.ofType, selected, [...place, { depth }], depth + 1);
    return listWriter(write, depth, wrong);
  }
  const sets = selected.nodes.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []));
  if (isObjectType(type)) {
    const write = objectWriter(compiling, type, sets, place, depth);
    return (value, writing) => (isObject(value) ? write(value, writing) : wrong(writing));
  }
  if (!isAbstractType(type)) throw new Error(`${selected.called} is of no type that can be written.`);
  // Only those that come are made, because an abstract type may have dozens.
  const writers = new Map<unknown, Writer | null>();
  const writerOf = (name: unknown): Writer | null => {
    // Where nothing depends on the type nobody asked for it, and a subgraph may know the interface as an object.
    if (isInterfaceType(type) && (name === undefined || name === type.name))
      return objectWriter(compiling, type, sets, place, depth);
    const concrete = typeof name === 'string' ? compiling.schema.getType(name) : undefined;
    if (!isObjectType(concrete) || !compiling.schema.isSubType(type, concrete)) return null;
    return objectWriter(compiling, concrete, sets, place, depth);
  };
  return (value, writing) => {
    if (!isObject(value)) return wrong(writing);
    const name = value['__typename'];
    let write = writers.get(name);
    if (write === undefined) {
      write = writerOf(name);
      if (write) writers.set(name, write);
    }
    return write ? write(value, writing) : wrong(writing);
  };
};

const listWriter =
  (write: Writer, depth: number, wrong: (writing: Writing) => null): Writer =>
  (value, writing) => {
    if (!Array.isArray(value)) return wrong(writing);
    let text = '[';
    for (let at = 0; at < value.length; at += 1) {
      writing.indices[depth] = at;
      const part = write(value[at], writing);
      if (part === null) return null;
      text += at === 0 ? part : `,${part}`;
    }
    return `${text}]`;
  };
