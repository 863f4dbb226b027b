import { GraphQLError, Kind } from 'graphql';
import type { Log } from './log.ts';

/** What masking has to know of the request whose errors it masks. */
export type Masking = {
  /** The part of the shop that the log names. */
  readonly subgraph: string;
  readonly requestId: string;
  readonly production: boolean;
  readonly log: Log;
};

/** graphql-js offers names that are near; to a stranger that tells the schema away. */
const suggestion = / ?Did you mean [^?]+\?/g;

/** Takes "Did you mean …?" out of a message. */
export const withoutSuggestions = (message: string): string => message.replace(suggestion, '');

/** Wrappers such as drizzle's keep the error that says what happened as their cause. */
const hasCode = (error: unknown, codes: readonly string[]): boolean => {
  if (!(error instanceof Error)) return false;
  const isOne = 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
  return isOne || hasCode(error.cause, codes);
};

/** A full queue of ours, in packages/postgres or elsewhere. */
const busyCodes = ['BUSY'];

/** 57014 is Postgres' query_canceled: a statement that ran past the time limit. */
const deadlineCodes = ['DEADLINE_EXCEEDED', '57014'];

/** A place in a log of facts behind which facts are deleted, as packages/events names it. */
const tooOldCodes = ['CURSOR_TOO_OLD'];

/** What a caller is told when the time limit passed before the answer was there. */
export const deadlineExceeded = (): GraphQLError =>
  new GraphQLError(
    'The answer was not there within the time limit. A mutation may still have been carried out: repeat it with the same idempotencyKey to find out.',
    { extensions: { code: 'DEADLINE_EXCEEDED' } },
  );

const serviceUnavailable = (): GraphQLError =>
  new GraphQLError('Too much is going on right now. Try again in a moment.', {
    extensions: { code: 'SERVICE_UNAVAILABLE' },
  });

const cursorTooOld = (): GraphQLError =>
  new GraphQLError(
    'What came after this cursor is not kept any more. Read what you need afresh, then subscribe without `after`.',
    { extensions: { code: 'CURSOR_TOO_OLD' } },
  );

/** An error of any kind in the form that masking reads. */
export const asGraphQLError = (error: unknown): GraphQLError => {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
};

const pointsAtValue = ({ nodes = [] }: GraphQLError): boolean =>
  nodes.length > 0 && nodes.every((node) => node.kind !== Kind.FIELD);

/**
 * graphql-js gives no code to what is wrong with variables and arguments, but points at the value in the document;
 * what is wrong with a resolver's answer it points at by the field. Variables are read before there is a path.
 */
const isRequestMistake = (error: GraphQLError, origin: unknown): boolean =>
  origin instanceof GraphQLError &&
  (pointsAtValue(origin) || (error.path === undefined && pointsAtValue(error)));

const replace = (error: GraphQLError, by: GraphQLError): GraphQLError =>
  new GraphQLError(by.message, {
    extensions: by.extensions,
    ...(error.nodes ? { nodes: error.nodes } : {}),
    ...(error.path ? { path: error.path } : {}),
  });

const internal = (requestId: string): GraphQLError =>
  new GraphQLError(`Something went wrong on our side. Report this id: ${requestId}`, {
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  });

const coded = (error: GraphQLError, code: unknown, production: boolean): GraphQLError => {
  const message = production ? withoutSuggestions(error.message) : error.message;
  return replace(error, new GraphQLError(message, { extensions: { ...error.extensions, code } }));
};

const mask = (error: GraphQLError, masking: Masking, logged: Set<unknown>): GraphQLError => {
  const { subgraph, requestId, production, log } = masking;
  const origin = error.originalError ?? error;
  if (hasCode(origin, busyCodes)) return replace(error, serviceUnavailable());
  if (hasCode(origin, deadlineCodes)) return replace(error, deadlineExceeded());
  if (hasCode(origin, tooOldCodes)) return replace(error, cursorTooOld());
  const { code } = error.extensions;
  if (origin instanceof GraphQLError && typeof code === 'string') return coded(error, code, production);
  if (isRequestMistake(error, origin)) return coded(error, 'BAD_USER_INPUT', production);
  if (!logged.has(origin)) {
    logged.add(origin);
    log.error('A field failed.', { requestId, subgraph, path: error.path?.join('.'), error: origin });
  }
  return replace(error, internal(requestId));
};

/**
 * Errors that were thrown on purpose pass; everything else is logged once, however many fields it failed, and
 * told to the caller as an id.
 */
export const maskErrors = (errors: readonly GraphQLError[], masking: Masking): GraphQLError[] => {
  const logged = new Set<unknown>();
  return errors.map((error) => mask(error, masking, logged));
};
