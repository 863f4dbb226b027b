import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  print,
  type VariableDefinitionNode,
} from 'graphql';
import { conditionsOf, fragmentsOf } from './collect-fields.ts';
import { completeFields, type Execution } from './compiled-fields.ts';
import { type ObjectPlan, planObject, type Reading } from './compiled-plan.ts';
import { createCompletion } from './compiled-values.ts';

/** One run of a compiled operation. */
export type Execute = (run: {
  readonly contextValue: unknown;
  readonly variableValues: Readonly<Record<string, unknown>>;
  readonly rootValue?: unknown;
}) => ExecutionResult | Promise<ExecutionResult>;

type Variables = Readonly<Record<string, unknown>>;
type Read = { readonly values: Variables } | { readonly errors: readonly GraphQLError[] };

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/**
 * Makes the function that reads variables. Entities are asked for by lists of representations, a scalar that takes
 * anything: reading 500 of them one by one would change nothing.
 */
const variablesReader = (schema: GraphQLSchema, definitions: readonly VariableDefinitionNode[]) => {
  const names = definitions.map(({ variable }) => variable.name.value);
  const isRepresentations = definitions.every(({ type }) => print(type) === '[_Any!]!');
  return (given: Variables): Read => {
    const isKnown = (name: string): boolean => {
      const list = given[name];
      return Array.isArray(list) && list.every(isObject);
    };
    if (isRepresentations && names.every(isKnown)) return { values: given };
    const { errors, coerced } = getVariableValues(schema, definitions, given, { maxErrors: 50 });
    return errors ? { errors } : { values: coerced };
  };
};

/** Conditions multiply: of an operation that is used in more forms than these, the others are made each time. */
const maxForms = 64;

type Form = {
  readonly root: GraphQLObjectType;
  readonly plan: ObjectPlan;
  readonly completion: Execution['completion'];
};

/**
 * Reads a valid operation once, so that running it does nothing again that could be done before: which fields are
 * selected of which type, what their arguments are, how their values are completed. It answers what graphql-js does.
 */
const compileOperation = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Execute => {
  const fragments = fragmentsOf(document);
  const conditions = conditionsOf(document);
  const fragmentsByName = Object.fromEntries(fragments);
  const forms = new Map<string, Form>();
  const readVariables = variablesReader(schema, operation.variableDefinitions ?? []);
  const isSerial = operation.operation === 'mutation';

  const makeForm = (values: Variables): Form => {
    const root = schema.getRootType(operation.operation);
    if (!root) throw new GraphQLError(`The schema has no ${operation.operation}.`, { nodes: operation });
    let count = 0;
    const nextIndex = () => count++;
    const set = new Map(conditions.map((name) => [name, values[name] === true]));
    const reading: Reading = { schema, fragments, conditions: set, nextIndex };
    const plan = planObject(reading, root, [operation.selectionSet]);
    return { root, plan, completion: createCompletion(reading) };
  };

  const formOf = (values: Variables): Form => {
    const key = conditions.map((name) => (values[name] === true ? '1' : '0')).join('');
    const form = forms.get(key) ?? makeForm(values);
    if (forms.size < maxForms) forms.set(key, form);
    return form;
  };

  const answer = (execution: Execution, data: Record<string, unknown> | null): ExecutionResult =>
    execution.errors.length > 0 ? { errors: execution.errors, data } : { data };

  const failed = (execution: Execution, error: unknown): ExecutionResult => {
    if (!(error instanceof GraphQLError)) throw error;
    execution.errors.push(error);
    return answer(execution, null);
  };

  return ({ contextValue, variableValues, rootValue }) => {
    const variables = readVariables(variableValues);
    if ('errors' in variables) return { errors: variables.errors };
    const coerced = variables.values;
    const { root, plan, completion } = formOf(coerced);
    const execution: Execution = {
      ...{ schema, operation, rootValue, contextValue, completion },
      fragments: fragmentsByName,
      variableValues: coerced,
      args: [],
      errors: [],
    };
    try {
      const data = completeFields(execution, { plan, type: root }, rootValue, undefined, isSerial);
      if (!(data instanceof Promise)) return answer(execution, data);
      return data.then(
        (settled) => answer(execution, settled),
        (error: unknown) => failed(execution, error),
      );
    } catch (error) {
      return failed(execution, error);
    }
  };
};

/** Compiles each operation once, for as long as its document is remembered by whoever asks. */
export const createCompiler = (
  schema: GraphQLSchema,
): ((document: DocumentNode, operationName?: string) => Execute) => {
  const known = new WeakMap<DocumentNode, Map<string, Execute>>();
  return (document, operationName = '') => {
    const ofDocument = known.get(document) ?? new Map<string, Execute>();
    known.set(document, ofDocument);
    const before = ofDocument.get(operationName);
    if (before) return before;
    const operation = getOperationAST(document, operationName || null);
    if (!operation) throw new Error('The document was checked to hold this operation.');
    const execute = compileOperation(schema, document, operation);
    ofDocument.set(operationName, execute);
    return execute;
  };
};
