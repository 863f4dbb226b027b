import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql';
import { conditionsOf, fragmentsOf } from './collect-fields.ts';
import type { Execution } from './compiled-fields.ts';
import { type CompleteObject, compileObject, completeInTurn } from './compiled-object.ts';
import { planFields, type Reading } from './compiled-plan.ts';
import { createCompletion } from './compiled-values.ts';
import { type Variables, variablesReader } from './variables.ts';

/** One run of a compiled operation. */
export type Execute = (run: {
  readonly contextValue: unknown;
  readonly variableValues: Readonly<Record<string, unknown>>;
  readonly rootValue?: unknown;
}) => ExecutionResult | Promise<ExecutionResult>;

/** Conditions multiply: of an operation that is used in more forms than these, the others are made each time. */
const maxForms = 64;

type Form = {
  readonly complete: CompleteObject;
  readonly completion: Execution['completion'];
};

/** Finds the form of an operation that its variables ask for. */
const formsOf = (schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) => {
  const fragments = fragmentsOf(document);
  const names = conditionsOf(document);
  const forms = new Map<string, Form>();

  const makeForm = (values: Variables): Form => {
    const root = schema.getRootType(operation.operation);
    if (!root) throw new GraphQLError(`The schema has no ${operation.operation}.`, { nodes: operation });
    let count = 0;
    const nextIndex = () => count++;
    const conditions = new Map(names.map((name) => [name, values[name] === true]));
    const reading: Reading = { schema, fragments, conditions, nextIndex };
    const fields = planFields(reading, root, [operation.selectionSet]);
    const complete: CompleteObject =
      operation.operation === 'mutation'
        ? (execution, source) => completeInTurn(execution, fields, source)
        : compileObject(fields);
    return { complete, completion: createCompletion(reading) };
  };

  return (values: Variables): Form => {
    const key = names.length === 0 ? '' : names.map((name) => (values[name] === true ? '1' : '0')).join('');
    const known = forms.get(key);
    if (known) return known;
    const form = makeForm(values);
    if (forms.size < maxForms) forms.set(key, form);
    return form;
  };
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
  const fragments = Object.fromEntries(fragmentsOf(document));
  const readVariables = variablesReader(schema, operation.variableDefinitions ?? []);
  const formOf = formsOf(schema, document, operation);

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
    const { complete, completion } = formOf(coerced);
    const execution: Execution = {
      schema,
      operation,
      rootValue,
      contextValue,
      completion,
      fragments,
      variableValues: coerced,
      args: [],
      errors: [],
    };
    try {
      const data = complete(execution, rootValue, undefined);
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
