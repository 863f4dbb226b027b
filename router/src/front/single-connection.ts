import { isAnswer } from '../run/answer.ts';
import { readJson } from './body.ts';
import { type Exchange, sendRefusal } from './exchange.ts';
import { graphRequestOf } from './graph-request.ts';
import type { Caller } from './head.ts';
import type { FrontLimits } from './limits.ts';
import { open, type Runner } from './operation.ts';
import type { Outflows } from './outflow.ts';
import { BadRequest } from './refusal.ts';
import { createReservations } from './reservations.ts';

/** Server-sent events in single connection mode, as `graphql-sse` describes it. */
export type SingleConnection = {
  /** Whether a request is one of this mode. */
  readonly owns: (exchange: Exchange, search: string) => boolean;
  readonly answer: (exchange: Exchange, search: string, caller: Caller) => Promise<void>;
  readonly stop: () => void;
};

const parameterIn = (search: string, name: string): string | null =>
  search.includes(`${name}=`) ? new URLSearchParams(search).get(name) : null;

const tokenOf = ({ headers }: Exchange['request'], search: string): string | null => {
  const header = headers['x-graphql-event-stream-token'];
  return typeof header === 'string' && header !== '' ? header : parameterIn(search, 'token');
};

const reply = (exchange: Exchange, status: number, text = ''): void => {
  const type = ['content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store'];
  exchange.response.writeHead(status, [...exchange.headers, ...type]);
  exchange.response.end(text);
};

/** Reserving, opening, asking and ending are four requests: PUT, GET, POST and DELETE. */
export const createSingleConnection = ({
  runner,
  outflows,
  limits,
}: {
  readonly runner: Runner;
  readonly outflows: Outflows;
  readonly limits: FrontLimits;
}): SingleConnection => {
  const reservations = createReservations({ runner, outflows, limits });

  const ask = async (exchange: Exchange, token: string, caller: Caller): Promise<void> => {
    const reservation = reservations.find(token);
    const body = await readJson(exchange.request, limits);
    const asked = graphRequestOf(body, limits.maxJsonDepth);
    const { operationId } = asked.extensions;
    if (typeof operationId !== 'string' || operationId === '') {
      throw new BadRequest(400, 'BAD_REQUEST', 'Name the operation in `extensions.operationId`.');
    }
    const opened = await open(asked, caller, runner);
    if (isAnswer(opened)) return sendRefusal(exchange, opened);
    reservation.start(operationId, opened, caller);
    reply(exchange, 202);
  };

  const endOne = (exchange: Exchange, token: string, search: string): void => {
    reservations.find(token).end(parameterIn(search, 'operationId') ?? '');
    reply(exchange, 200);
  };

  return {
    owns: ({ request }, search) => request.method === 'PUT' || tokenOf(request, search) !== null,
    answer: async (exchange, search, caller) => {
      const { method } = exchange.request;
      if (method === 'PUT') return reply(exchange, 201, reservations.reserve());
      const token = tokenOf(exchange.request, search) ?? '';
      if (method === 'DELETE') return endOne(exchange, token, search);
      if (method === 'POST') return ask(exchange, token, caller);
      reservations.find(token).attach(exchange);
    },
    stop: reservations.stop,
  };
};
