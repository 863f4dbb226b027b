import {
  defaultTypeResolver,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNullableType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { afterAll, type Complete, type Execution, fail, infoOf, type Path } from './compiled-fields.ts';
import { type CompleteObject, compileObject } from './compiled-object.ts';
import { type FieldPlan, planFields, type Reading } from './compiled-plan.ts';
import { after, soonOf } from './soon.ts';

/** What values are completed of: a field of what is being read. */
type At = { readonly reading: Reading; readonly field: FieldPlan };

const named = ({ field }: At): string => `${field.parentType.name}.${field.definition.name}`;

/** The field's own, also for an item of its list, as graphql-js has it. */
const infoAt = (execution: Execution, field: FieldPlan, path: Path): GraphQLResolveInfo => {
  let at: Path | undefined = path;
  while (at && at.typename === undefined) at = at.prev;
  return infoOf(execution, field, at?.prev);
};

const leaf =
  (type: GraphQLLeafType): Complete =>
  (_execution, value) => {
    const written = type.serialize(value);
    if (written == null) throw new Error(`Expected \`${type.name}.serialize\` to return a value.`);
    return written;
  };

const object = ({ reading, field }: At, type: GraphQLObjectType): Complete => {
  const sets = field.nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  let compiled: CompleteObject | null = null;
  const fields: Complete = (execution, value, path) => {
    compiled ??= compileObject(planFields(reading, type, sets));
    return compiled(execution, value, path);
  };
  const { isTypeOf } = type;
  if (!isTypeOf) return fields;
  return (execution, value, path) =>
    after(soonOf(isTypeOf(value, execution.contextValue, infoAt(execution, field, path))), (isOne) => {
      if (isOne) return fields(execution, value, path);
      throw new GraphQLError(`Expected a value of type "${type.name}".`, { nodes: field.nodes });
    });
};

const abstract = (at: At, type: GraphQLAbstractType): Complete => {
  const { field, reading } = at;
  const known = new Map<unknown, Complete>();
  const concreteOf = (name: unknown): Complete => {
    const concrete = typeof name === 'string' ? reading.schema.getType(name) : undefined;
    if (!isObjectType(concrete) || !reading.schema.isSubType(type, concrete)) {
      const message = `Abstract type "${type.name}" must resolve to one of its object types for ${named(at)}, but was "${name}".`;
      throw new GraphQLError(message, { nodes: field.nodes });
    }
    const complete = object(at, concrete);
    known.set(name, complete);
    return complete;
  };
  const resolveType = type.resolveType ?? defaultTypeResolver;
  return (execution, value, path) =>
    after(soonOf(resolveType(value, execution.contextValue, infoAt(execution, field, path), type)), (name) =>
      (known.get(name) ?? concreteOf(name))(execution, value, path),
    );
};

const list = (at: At, ofType: GraphQLOutputType): Complete => {
  const { field } = at;
  const complete = completeOf(at, ofType);
  const completeItem = (execution: Execution, item: unknown, path: Path): unknown => {
    try {
      const soon = soonOf(item);
      const completed =
        soon instanceof Promise
          ? soon.then((settled) => complete(execution, settled, path))
          : complete(execution, soon, path);
      if (!(completed instanceof Promise)) return completed;
      return completed.then(undefined, (error: unknown) => fail(execution, field, ofType, error, path));
    } catch (error) {
      return fail(execution, field, ofType, error, path);
    }
  };
  return (execution, value, prev) => {
    if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
      throw new GraphQLError(`Expected Iterable, but did not find one for field "${named(at)}".`);
    }
    const items: unknown[] = [];
    let isWaiting = false;
    try {
      for (const item of value as Iterable<unknown>) {
        const completed = completeItem(execution, item, { prev, key: items.length, typename: undefined });
        isWaiting ||= completed instanceof Promise;
        items.push(completed);
      }
    } catch (error) {
      return afterAll(items, error);
    }
    return isWaiting ? Promise.all(items) : items;
  };
};

const present = (at: At, type: GraphQLOutputType): Complete => {
  if (isLeafType(type)) return leaf(type);
  if (isListType(type)) return list(at, type.ofType);
  if (isObjectType(type)) return object(at, type);
  // Neither a leaf, a list nor an object, and not non-null: only abstract types are left.
  return abstract(at, type as GraphQLAbstractType);
};

const completeOf = (at: At, type: GraphQLOutputType): Complete => {
  const complete = present(at, getNullableType(type));
  const nullable: Complete = (execution, value, path) => {
    if (value instanceof Error) throw value;
    return value == null ? null : complete(execution, value, path);
  };
  if (!isNonNullType(type)) return nullable;
  const refuseNull = (value: unknown): unknown => {
    if (value != null) return value;
    throw new Error(`Cannot return null for non-nullable field ${named(at)}.`);
  };
  return (execution, value, path) => after(nullable(execution, value, path), refuseNull);
};

/** Makes, for each field when it is first met, the function that completes its values. */
export const createCompletion = (reading: Reading): Execution['completion'] => {
  const known: (Complete | undefined)[] = [];
  return (field) => {
    const before = known[field.index];
    if (before) return before;
    const complete = completeOf({ reading, field }, field.definition.type);
    known[field.index] = complete;
    return complete;
  };
};
