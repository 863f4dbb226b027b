import { after, type PublicKeys, type Soon } from '@storegraph/server';
import { readJson } from './body.ts';
import { checkForeign } from './cross-origin.ts';
import { type Exchange, sendFailure, sendRefusal } from './exchange.ts';
import { createExecution, type ExecutionOptions } from './execution.ts';
import { type GraphRequest, graphRequestOf, graphRequestOfSearch } from './graph-request.ts';
import { type Caller, callerOf } from './head.ts';
import { refusalOf } from './operation.ts';
import { BadRequest, type Refusal } from './refusal.ts';
import { createSingleConnection } from './single-connection.ts';

/** What the endpoint is made of. */
export type EndpointOptions = ExecutionOptions & {
  readonly keys: PublicKeys;
  readonly trustedProxies: number;
  readonly refused: (refusal: Refusal) => void;
};

/** Clients repeat few addresses; those of persisted operations are short. */
const maxRemembered = 1_000;
const maxRememberedLength = 2_048;

/** Reads the operation of a GET, each short address once. */
const createSearchReader = (maxDepth: number): ((search: string) => GraphRequest) => {
  const known = new Map<string, GraphRequest>();
  return (search) => {
    const found = known.get(search);
    if (found) return found;
    const request = graphRequestOfSearch(search, maxDepth);
    if (search.length > maxRememberedLength) return request;
    if (known.size >= maxRemembered) known.clear();
    known.set(search, request);
    return request;
  };
};

/** Answers the requests to the endpoint itself, by the GraphQL-over-HTTP specification. */
export const createEndpoint = (options: EndpointOptions) => {
  const { runner, outflows, limits, keys, trustedProxies } = options;
  const identifying = { keys, trustedProxies, ended: runner.ended };
  const { answerOne, answerBatch } = createExecution(options);
  const requestOfSearch = createSearchReader(limits.maxJsonDepth);
  const single = createSingleConnection(options);

  const answerCaller = async (exchange: Exchange, search: string, caller: Caller): Promise<void> => {
    const { request } = exchange;
    if (single.owns(exchange, search)) return single.answer(exchange, search, caller);
    if (request.method === 'GET') return answerOne(exchange, requestOfSearch(search), caller);
    if (request.method !== 'POST') {
      throw new BadRequest(405, 'BAD_REQUEST', 'Send GET or POST.', { headers: { allow: 'GET, POST' } });
    }
    const body = await readJson(request, limits);
    if (Array.isArray(body)) return answerBatch(exchange, body, caller);
    return answerOne(exchange, graphRequestOf(body, limits.maxJsonDepth), caller);
  };

  const answer = (exchange: Exchange, search: string): Soon<void> => {
    const { request, requestId } = exchange;
    checkForeign(request);
    return after(callerOf(request, requestId, identifying), (caller) =>
      after(runner.guards.request?.(caller) ?? null, (refusal) =>
        refusal ? sendRefusal(exchange, refusal) : answerCaller(exchange, search, caller),
      ),
    );
  };

  return {
    /** Answers; whatever goes wrong becomes an answer too. */
    answer: async (exchange: Exchange, search: string): Promise<void> => {
      try {
        await answer(exchange, search);
      } catch (error) {
        const refusal = refusalOf(error, exchange.requestId, runner);
        options.refused(refusal);
        if (exchange.response.headersSent) exchange.response.destroy();
        else await sendFailure(exchange, refusal);
      }
    },
    stop: () => {
      single.stop();
      outflows.stop();
    },
  };
};
