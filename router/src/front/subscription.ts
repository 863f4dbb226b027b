import type { Answer } from '../run/answer.ts';
import { isAnswer } from '../run/answer.ts';
import type { Exchange } from './exchange.ts';
import { sendRefusal } from './exchange.ts';
import type { Caller } from './head.ts';
import { type Opened, type Runner, run, subscribe } from './operation.ts';
import { type Framing, type Outflow, type Outflows, pump } from './outflow.ts';

/** How server-sent events are framed in either mode; a comment is heard by nobody. */
export const eventStream: Framing = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: ':\n\n',
  beat: ':\n\n',
  ending: '',
};

/** One event. An `EventSource` overlooks events without data, so the last one has an empty line of it. */
export const eventText = (event: 'next' | 'complete', data: string): string =>
  `event: ${event}\ndata: ${data}\n\n`;

const part = (body: string): string =>
  `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${body}\r\n--graphql`;

/** Multipart subscriptions as Apollo's clients read them: each part ends with the next boundary, so none waits. */
const parts: Framing = {
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
  opening: '--graphql',
  beat: part('{}'),
  ending: '--\r\n',
};

const follow = async (
  exchange: Exchange,
  { opened, caller, runner, outflows }: Streaming,
  framing: Framing,
  event: (body: string) => string,
  ending: string,
): Promise<void> => {
  outflows.check();
  const source = await subscribe(opened, caller, runner);
  if (isAnswer(source)) {
    if (framing === parts) return sendRefusal(exchange, source);
    return sendEvents(exchange, outflows, source);
  }
  const outflow = outflows.open(exchange, framing, () => void source.return());
  await pump(source, { caller, runner }, ({ body }) => outflow.send(event(body)));
  outflow.send(ending);
  outflow.end();
};

/** What it takes to stream an operation's answers. */
export type Streaming = {
  readonly opened: Opened;
  readonly caller: Caller;
  readonly runner: Runner;
  readonly outflows: Outflows;
};

const ignore = (): void => undefined;

const endEvents = (outflow: Outflow, { body }: Answer): void => {
  outflow.send(eventText('next', body));
  outflow.send(eventText('complete', ''));
  outflow.end();
};

/** Sends one answer as a stream of events that ends with it; refusals too, as an `EventSource` sees no status. */
export const sendEvents = async (exchange: Exchange, outflows: Outflows, answer: Answer): Promise<void> => {
  outflows.check();
  endEvents(outflows.open(exchange, eventStream, ignore), answer);
};

/** Runs a query or mutation for a client that takes nothing but events. */
export const runAsEvents = async (exchange: Exchange, streaming: Streaming): Promise<void> => {
  const { opened, caller, runner, outflows } = streaming;
  outflows.check();
  const outflow = outflows.open(exchange, eventStream, ignore);
  endEvents(outflow, await run(opened, caller, runner));
};

/** Streams a subscription the way the client takes it. */
export const streamSubscription = (exchange: Exchange, streaming: Streaming): Promise<void> =>
  exchange.accepted.stream === 'parts'
    ? follow(exchange, streaming, parts, (body) => part(`{"payload":${body}}`), '')
    : follow(exchange, streaming, eventStream, (body) => eventText('next', body), eventText('complete', ''));
