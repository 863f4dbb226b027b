import { after, asGraphQLError, type Log, maskErrors, type Soon } from '@storegraph/server';
import type { Engine, EventSource } from '../engine.ts';
import type { Prepared, Values } from '../prepare/prepared.ts';
import { type Answer, isAnswer, refuse } from '../run/answer.ts';
import { type EndedSessions, sessionEnded } from './ended-sessions.ts';
import type { GraphRequest } from './graph-request.ts';
import type { Caller } from './head.ts';
import { answerOf, BadRequest, type Refusal } from './refusal.ts';

type Verdict = Soon<Refusal | null>;

/** What stands between a request and the engine. */
export type Guards = {
  /** Before anything is read of the operation. */
  readonly request?: ((caller: Caller) => Verdict) | undefined;
  /** When it is known what would be run. */
  readonly operation?: ((prepared: Prepared, values: Values, caller: Caller) => Verdict) | undefined;
};

/** The text a request stands for. */
export type Resolved = { readonly text: string; readonly operationName: string | null };

/** Finds the text of an operation that may be named by an id, or says why it is not run. */
export type Resolve = (request: GraphRequest, caller: Caller) => Soon<Resolved | Refusal>;

/** An operation that may be run. */
export type Opened = {
  /** The one that prepared it: a reload meanwhile must not run it by another plan. */
  readonly engine: Engine;
  readonly prepared: Prepared;
  readonly values: Values;
};

/** How operations are run, whatever they came in by. */
export type Runner = {
  readonly engine: () => Engine;
  readonly resolve: Resolve;
  readonly guards: Guards;
  readonly ended: EndedSessions;
  readonly subscribe: (opened: Opened, caller: Caller) => Promise<EventSource | Answer>;
  readonly production: boolean;
  readonly log: Log;
};

/** Takes the text as it was sent; ids need a store, which is handed in where there is one. */
export const resolveText: Resolve = ({ query, operationName, extensions }) => {
  if (query !== null) return { text: query, operationName };
  const code = Object.hasOwn(extensions, 'persistedQuery') ? 'PERSISTED_QUERY_NOT_SUPPORTED' : 'BAD_REQUEST';
  return refuse(400, [{ message: 'There is no `query` to run.', extensions: { code } }]);
};

/** Finds, prepares and checks an operation: what comes out can be run. */
export const open = (
  request: GraphRequest,
  caller: Caller,
  { engine: currentEngine, resolve, guards, ended }: Runner,
): Soon<Opened | Refusal> =>
  after(resolve(request, caller), (resolved): Soon<Opened | Refusal> => {
    if (isAnswer(resolved)) return resolved;
    const engine = currentEngine();
    const prepared = engine.prepare(resolved.text, resolved.operationName ?? undefined);
    if (isAnswer(prepared)) return prepared;
    const variables = prepared.coerce(request.variables);
    if ('errors' in variables) return refuse(400, variables.errors);
    const { values } = variables;
    return after(guards.operation?.(prepared, values, caller) ?? null, (refusal) => {
      // The body may have come long after the head that says who asks.
      if (ended.has(caller.viewer)) throw sessionEnded();
      return refusal ?? { engine, prepared, values };
    });
  });

const statusByCode: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  SERVICE_UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** What a failure looks like from outside; what nobody foresaw is logged and told by its id alone. */
export const refusalOf = (
  error: unknown,
  requestId: string,
  { production, log }: Pick<Runner, 'production' | 'log'>,
): Refusal => {
  if (error instanceof BadRequest) return { ...answerOf(error), headers: error.headers };
  const masking = { subgraph: 'router', requestId, production, log };
  const errors = maskErrors([asGraphQLError(error)], masking).map(({ message, extensions }) => ({
    message,
    extensions: { ...extensions, code: String(extensions['code']) },
  }));
  const status = statusByCode[errors[0]?.extensions.code ?? ''] ?? 500;
  const headers = status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : undefined;
  return { ...refuse(status, errors), headers };
};

/**
 * Runs a query or a mutation. An exception of ours becomes an answer. What was read in a session that has ended
 * meanwhile is told to nobody; a change was made, so its answer is: it may be the one that has ended the session.
 */
export const run = ({ engine, prepared, values }: Opened, caller: Caller, runner: Runner): Soon<Answer> => {
  const failed = (error: unknown): Answer => refusalOf(error, caller.requestId, runner);
  const finished = (answer: Answer): Answer =>
    prepared.kind === 'query' && runner.ended.has(caller.viewer) ? failed(sessionEnded()) : answer;
  try {
    const running = engine.run(prepared, values, caller);
    return running instanceof Promise ? running.then(finished, failed) : running;
  } catch (error) {
    return failed(error);
  }
};

/** Opens a subscription. An exception of ours becomes an answer. */
export const subscribe = async (
  opened: Opened,
  caller: Caller,
  runner: Runner,
): Promise<EventSource | Answer> => {
  try {
    return await runner.subscribe(opened, caller);
  } catch (error) {
    return refusalOf(error, caller.requestId, runner);
  }
};
