import {
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isNonNullType,
  locatedError,
  type OperationDefinitionNode,
} from 'graphql';
import type { FieldPlan } from './compiled-plan.ts';
import { soonOf } from './soon.ts';

export type Path = GraphQLResolveInfo['path'];

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

/**
 * What resolvers may ask about where they are. Few ask for anything, so it is looked up when they do. One is made for
 * each call of a resolver: its properties are plain ones, because `#private` ones take twice as long to write.
 */
class Info implements GraphQLResolveInfo {
  declare readonly execution: Execution;
  declare readonly field: FieldPlan;
  declare readonly parent: Path | undefined;

  constructor(execution: Execution, field: FieldPlan, parent: Path | undefined) {
    this.execution = execution;
    this.field = field;
    this.parent = parent;
  }

  get path() {
    return pathOf(this.field, this.parent);
  }

  get fieldName() {
    return this.field.definition.name;
  }
  get fieldNodes() {
    return this.field.nodes;
  }
  get returnType() {
    return this.field.definition.type;
  }
  get parentType() {
    return this.field.parentType;
  }
  get schema() {
    return this.execution.schema;
  }
  get fragments() {
    return this.execution.fragments;
  }
  get rootValue() {
    return this.execution.rootValue;
  }
  get operation() {
    return this.execution.operation;
  }
  get variableValues() {
    return { ...this.execution.variableValues };
  }
}

const pathOf = ({ responseName, parentType }: FieldPlan, prev: Path | undefined): Path => ({
  prev,
  key: responseName,
  typename: parentType.name,
});

/** What a resolver may ask of a field, which stands below this place. */
export const infoOf = (
  execution: Execution,
  field: FieldPlan,
  parent: Path | undefined,
): GraphQLResolveInfo => new Info(execution, field, parent);

/** The arguments a resolver is called with; throws what is wrong with them. */
export const argsOf = (execution: Execution, field: FieldPlan): Readonly<Record<string, unknown>> => {
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
  const property = (source as Readonly<Record<string, unknown>>)[field.definition.name];
  if (typeof property !== 'function') return property;
  // Called on its object, as graphql-js does.
  const info = infoOf(execution, field, parent);
  return property.call(source, argsOf(execution, field), execution.contextValue, info);
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

/** Makes data of what a resolver gave. */
export const completeResolved = (
  execution: Execution,
  field: FieldPlan,
  resolved: unknown,
  parent: Path | undefined,
): unknown => {
  const { type } = field.definition;
  const path = pathOf(field, parent);
  try {
    const complete = execution.completion(field);
    const soon = soonOf(resolved);
    const completed =
      soon instanceof Promise
        ? soon.then((settled) => complete(execution, settled, path))
        : complete(execution, soon, path);
    if (!(completed instanceof Promise)) return completed;
    return completed.then(undefined, (error: unknown) => fail(execution, field, type, error, path));
  } catch (error) {
    return fail(execution, field, type, error, path);
  }
};

/** What becomes of a field whose resolver throws. */
export const failField = (
  execution: Execution,
  field: FieldPlan,
  error: unknown,
  parent: Path | undefined,
): null => fail(execution, field, field.definition.type, error, pathOf(field, parent));

/** The value of a field of an object that stands at a place, or the promise of it. */
export const completeField = (
  execution: Execution,
  field: FieldPlan,
  source: unknown,
  parent: Path | undefined,
): unknown => {
  if (field.constant !== null) return field.constant;
  let resolved: unknown;
  try {
    resolved = resolve(execution, field, source, parent);
  } catch (error) {
    return failField(execution, field, error, parent);
  }
  return field.plain?.(resolved) ?? completeResolved(execution, field, resolved, parent);
};

/** Throws when nothing runs any more: what fails later would fail for nobody, and end the process. */
export const afterAll = (waiting: readonly unknown[], error: unknown): Promise<never> => {
  const running = waiting.filter((one) => one instanceof Promise);
  if (running.length === 0) throw error;
  return Promise.allSettled(running).then(() => {
    throw error;
  });
};
