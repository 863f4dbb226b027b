import {
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isNonNullType,
  locatedError,
  type OperationDefinitionNode,
} from 'graphql';
import type { FieldPlan, ObjectPlan } from './compiled-plan.ts';
import { isPromise } from './soon.ts';

export type Path = GraphQLResolveInfo['path'];
type Data = Record<string, unknown>;

/** How the values of a field become data; may take time, and throws what makes the field fail. */
export type Complete = (execution: Execution, value: unknown, path: Path) => unknown;

/** One run of an operation. */
export type Execution = {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly rootValue: unknown;
  readonly contextValue: unknown;
  readonly variableValues: Readonly<Record<string, unknown>>;
  /** How each field's values are completed. */
  readonly completion: (field: FieldPlan) => Complete;
  /** The arguments of each field, once they were read. */
  readonly args: (Readonly<Record<string, unknown>> | undefined)[];
  readonly errors: GraphQLError[];
};

const keysOf = (path: Path): (string | number)[] => {
  const keys: (string | number)[] = [];
  for (let at: Path | undefined = path; at; at = at.prev) keys.push(at.key);
  return keys.reverse();
};

/** What resolvers may ask about where they are. Few ask for anything, so it is looked up when they do. */
class Info implements GraphQLResolveInfo {
  readonly #execution: Execution;
  readonly #field: FieldPlan;
  readonly #parent: Path | undefined;

  constructor(execution: Execution, field: FieldPlan, parent: Path | undefined) {
    this.#execution = execution;
    this.#field = field;
    this.#parent = parent;
  }

  get path() {
    return pathOf(this.#field, this.#parent);
  }

  get fieldName() {
    return this.#field.definition.name;
  }
  get fieldNodes() {
    return this.#field.nodes;
  }
  get returnType() {
    return this.#field.definition.type;
  }
  get parentType() {
    return this.#field.parentType;
  }
  get schema() {
    return this.#execution.schema;
  }
  get fragments() {
    return this.#execution.fragments;
  }
  get rootValue() {
    return this.#execution.rootValue;
  }
  get operation() {
    return this.#execution.operation;
  }
  get variableValues() {
    return { ...this.#execution.variableValues };
  }
}

const pathOf = ({ responseName, parentType }: FieldPlan, prev: Path | undefined): Path => ({
  ...{ prev, key: responseName, typename: parentType.name },
});

/** What a resolver may ask of a field, which stands below this place. */
export const infoOf = (
  execution: Execution,
  field: FieldPlan,
  parent: Path | undefined,
): GraphQLResolveInfo => new Info(execution, field, parent);

const argsOf = (execution: Execution, field: FieldPlan): Readonly<Record<string, unknown>> => {
  const known = execution.args[field.index];
  if (known) return known;
  const args = field.argsOf(execution.variableValues);
  execution.args[field.index] = args;
  return args;
};

const resolve = (
  execution: Execution,
  field: FieldPlan,
  source: unknown,
  parent: Path | undefined,
): unknown => {
  if (field.resolve) {
    const info = infoOf(execution, field, parent);
    return field.resolve(source, argsOf(execution, field), execution.contextValue, info);
  }
  if (typeof source !== 'object' || source === null) return undefined;
  const property = (source as Data)[field.definition.name];
  if (typeof property !== 'function') return property;
  const info = infoOf(execution, field, parent);
  // Called on its object, as graphql-js does.
  return (source as Record<string, (...args: unknown[]) => unknown>)[field.definition.name]?.(
    argsOf(execution, field),
    execution.contextValue,
    info,
  );
};

/** A failed value is null where it may be; else what holds it fails. */
export const fail = (
  execution: Execution,
  field: FieldPlan,
  type: GraphQLOutputType,
  error: unknown,
  path: Path,
): null => {
  const located = locatedError(error, field.nodes, keysOf(path));
  if (isNonNullType(type)) throw located;
  execution.errors.push(located);
  return null;
};

/** The value of a field that needs neither a resolver nor completing; undefined for all others. */
const plainValue = ({ constant, plain, resolve: own, definition }: FieldPlan, source: unknown): unknown => {
  if (constant !== null) return constant;
  if (own !== null || plain === null || typeof source !== 'object' || source === null) return undefined;
  return plain((source as Data)[definition.name]);
};

const completeField = (
  execution: Execution,
  field: FieldPlan,
  source: unknown,
  parent: Path | undefined,
): unknown => {
  const known = plainValue(field, source);
  if (known !== undefined) return known;
  const { type } = field.definition;
  try {
    const value = resolve(execution, field, source, parent);
    const plain = field.plain?.(value);
    if (plain !== undefined) return plain;
    const path = pathOf(field, parent);
    const complete = execution.completion(field);
    const completed = isPromise(value)
      ? value.then((settled) => complete(execution, settled, path))
      : complete(execution, value, path);
    if (!isPromise(completed)) return completed;
    return completed.then(undefined, (error: unknown) => fail(execution, field, type, error, path));
  } catch (error) {
    return fail(execution, field, type, error, pathOf(field, parent));
  }
};

export type Of = { readonly plan: ObjectPlan; readonly type: GraphQLObjectType };

/** Completes the fields of an object; those of a mutation one after the other. */
export const completeFields = (
  execution: Execution,
  { plan }: Of,
  source: unknown,
  path: Path | undefined,
  isSerial = false,
): Data | Promise<Data> => {
  // Plain objects keep their shape, which makes them several times faster to read than those without prototype.
  const data: Data = plan.isPlain ? {} : Object.create(null);
  if (isSerial) return completeInTurn(execution, plan, source, data);
  const waiting: Promise<unknown>[] = [];
  try {
    for (const field of plan.fields) {
      const value = completeField(execution, field, source, path);
      data[field.responseName] = value;
      if (!isPromise(value)) continue;
      waiting.push(
        value.then((settled) => {
          data[field.responseName] = settled;
        }),
      );
    }
  } catch (error) {
    return afterAll(waiting, error);
  }
  return waiting.length === 0 ? data : Promise.all(waiting).then(() => data);
};

/** Throws when nothing runs any more: what fails later would fail for nobody, and end the process. */
export const afterAll = (waiting: readonly unknown[], error: unknown): Promise<never> => {
  const running = waiting.filter(isPromise);
  if (running.length === 0) throw error;
  return Promise.allSettled(running).then(() => {
    throw error;
  });
};

const completeInTurn = async (
  execution: Execution,
  plan: ObjectPlan,
  source: unknown,
  data: Data,
): Promise<Data> => {
  for (const field of plan.fields) {
    data[field.responseName] = await completeField(execution, field, source, undefined);
  }
  return data;
};
