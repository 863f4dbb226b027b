import { createHash } from 'node:crypto';
import { fragmentsOf, variablesReader, withoutSuggestions } from '@storegraph/server';
import {
  type DocumentNode,
  GraphQLError,
  getOperationAST,
  KnownFragmentNamesRule,
  NoFragmentCyclesRule,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { costOf } from '../guard/cost.ts';
import { checkLimits, type OperationLimits } from '../guard/limits.ts';
import { checkRepeats } from '../guard/repeats.ts';
import { checkText } from '../guard/text-limits.ts';
import { type Answer, type GraphError, refuse } from '../run/answer.ts';
import { cachingOf } from './caching.ts';
import { createForms, type Forms, type FormsOptions } from './forms.ts';
import type { Prepared } from './prepared.ts';
import { type SafelyNamed, withSafeNames } from './safe-names.ts';

export type PrepareOptions = FormsOptions & {
  /** No introspection, no suggestions. */
  readonly production: boolean;
  readonly limits: OperationLimits;
};

/** An operation and the forms it is run in. */
export type Planned = { readonly prepared: Prepared; readonly forms: Forms };

/** More mistakes than these help nobody to find the first. */
const maxErrors = 10;

/** An argument that is given a thousand times has as many places. */
const maxLocations = 10;

/** A message repeats the value that is wrong: a megabyte of it in twenty errors would be twenty. */
const maxMessageLength = 500;

/** Asked alone where they find something: what is wrong with fragments makes the other rules take long. */
const fragmentRules: readonly ValidationRule[] = [KnownFragmentNamesRule, NoFragmentCyclesRule];

const productionRules = [...specifiedRules, NoSchemaIntrospectionCustomRule];

const messageOf = ({ message }: GraphQLError, production: boolean): string => {
  const told = production ? withoutSuggestions(message) : message;
  return told.length > maxMessageLength ? `${told.slice(0, maxMessageLength)}…` : told;
};

const asError = (error: GraphQLError, code: string, production: boolean): GraphError => ({
  message: messageOf(error, production),
  ...(error.locations && {
    locations: error.locations.slice(0, maxLocations).map(({ line, column }) => ({ line, column })),
  }),
  extensions: { ...error.extensions, code },
});

const refuseOne = (code: string, message: string): Answer => refuse(400, [{ message, extensions: { code } }]);

type Checking = Pick<PrepareOptions, 'schema' | 'production' | 'limits'>;

/** What is wrong with a document. Limits come before the rules of GraphQL, which can be made to take seconds. */
const wrongIn = (document: DocumentNode, { schema, production, limits }: Checking): readonly GraphError[] => {
  const failing = (rules: readonly ValidationRule[]): readonly GraphError[] =>
    validate(schema, document, rules, { maxErrors }).map((error) =>
      asError(error, 'GRAPHQL_VALIDATION_FAILED', production),
    );
  const { tooLarge, isSound } = checkLimits(document, limits);
  if (tooLarge) return [tooLarge];
  if (!isSound) return failing(fragmentRules);
  const repeated = checkRepeats(document, limits);
  return repeated ? [repeated] : failing(production ? productionRules : specifiedRules);
};

/** Parses and validates a text; an answer when it is refused. */
export const parseDocument = (options: Checking, text: string): DocumentNode | Answer => {
  const tooLarge = checkText(text, options.limits);
  if (tooLarge) return refuse(400, [tooLarge]);
  try {
    const document = parse(text);
    const errors = wrongIn(document, options);
    return errors.length === 0 ? document : refuse(400, errors);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return refuse(400, [asError(error, 'GRAPHQL_PARSE_FAILED', options.production)]);
  }
};

const coerceWith = (
  { schema, production }: PrepareOptions,
  { variableDefinitions = [] }: OperationDefinitionNode,
  safeValues: SafelyNamed['safeValues'],
): Prepared['coerce'] => {
  const read = variablesReader(schema, variableDefinitions, { maxErrors });
  return (variables) => {
    const outcome = read(variables);
    if ('values' in outcome) return { values: safeValues(outcome.values) };
    return { errors: outcome.errors.map((error) => asError(error, 'BAD_USER_INPUT', production)) };
  };
};

/** Does everything about an operation that can be done before its variables are known. */
export const prepare = (options: PrepareOptions, text: string, operationName?: string): Planned | Answer => {
  const document = parseDocument(options, text);
  if ('body' in document) return document;
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    return refuseOne(
      'OPERATION_RESOLUTION_FAILURE',
      'Name the operation to run in `operationName`: the document holds several, or none of that name.',
    );
  }
  const single = withSafeNames(
    { operation, fragments: fragmentsOf(document) },
    options.supergraph.toldFields,
  );
  const reading = { schema: options.schema, hints: options.supergraph.hints, fragments: single.fragments };
  const prepared: Prepared = {
    id: createHash('sha256').update(text).digest('hex'),
    kind: operation.operation,
    name: operation.name?.value ?? null,
    text,
    document,
    operation,
    coerce: coerceWith(options, operation, single.safeValues),
    cost: costOf(reading, single.operation),
    caching: cachingOf(reading, operation),
  };
  return { prepared, forms: createForms(options, single) };
};
