import type { Log } from '@storegraph/server';
import { asAnswer } from './answer-text.ts';
import { byDeadline } from './by-deadline.ts';
import { createEventLine, type EventLine } from './event-line.ts';
import { createEventQueue } from './event-queue.ts';
import { failure } from './failure.ts';
import type { SubgraphEvents, Subquery, Transport } from './transport.ts';

export type EventSocketsOptions = {
  readonly name: string;
  /** The HTTP endpoint; the WebSocket is at the same place. */
  readonly url: URL;
  readonly maxAnswerBytes: number;
  readonly log: Log;
};

/** What our own subgraphs take on one socket; further streams get another. */
const maxStreamsPerSocket = 100;

/** A socket for each caller with streams open. The events of so many keep a process busy long before. */
const maxSockets = 4_096;

/** Subscriptions over WebSocket: the streams of one caller share a socket, which closes with the last of them. */
export const createEventSockets = ({ name, url, maxAnswerBytes, log }: EventSocketsOptions) => {
  const address = url.href.replace(/^http/, 'ws');
  const lines = new Map<string | undefined, Set<EventLine>>();
  let sockets = 0;
  let isClosed = false;

  const open = (token: string | undefined): EventLine => {
    const ofToken = lines.get(token) ?? new Set();
    const line = createEventLine({
      ...{ address, token, maxAnswerBytes },
      ended: (reason) => {
        sockets -= 1;
        ofToken.delete(line);
        if (ofToken.size === 0 && lines.get(token) === ofToken) lines.delete(token);
        if (reason !== null) log.warn('The line to a subgraph broke.', { subgraph: name, reason });
      },
    });
    sockets += 1;
    lines.set(token, ofToken.add(line));
    return line;
  };

  const lineFor = (token: string | undefined): EventLine | null => {
    for (const line of lines.get(token) ?? []) if (line.size() < maxStreamsPerSocket) return line;
    return sockets < maxSockets ? open(token) : null;
  };

  const follow = (
    line: EventLine,
    subquery: Subquery,
    variables: Readonly<Record<string, unknown>>,
  ): SubgraphEvents => {
    const { text: query, operationName } = subquery;
    const queue = createEventQueue({
      left: () => leave(),
      // Whoever reads it opens the stream again from where it was.
      fellBehind: () => failure(subquery, 'SUBGRAPH_UNREACHABLE'),
    });
    const leave = line.listen(
      { query, variables: { ...variables }, ...(operationName !== undefined && { operationName }) },
      {
        next: (event) => {
          const answer = asAnswer(event);
          if (answer) return queue.push(answer);
          leave();
          queue.end(failure(subquery, 'SUBGRAPH_GARBAGE'));
        },
        end: (errors) => queue.end(errors && { errors }),
        lost: (code) => queue.end(failure(subquery, code)),
      },
    );
    return queue.events;
  };

  const subscribe: Transport['subscribe'] = async (subquery, variables, { token, deadlineAt }) => {
    if (isClosed) return failure(subquery, 'SUBGRAPH_UNREACHABLE');
    const line = lineFor(token);
    if (!line) return failure(subquery, 'SERVICE_UNAVAILABLE');
    const events = follow(line, subquery, variables);
    const why = await byDeadline(deadlineAt, line.connected);
    if (why === null) return events;
    await events.return();
    return failure(subquery, why === 'late' ? 'DEADLINE_EXCEEDED' : why);
  };

  return {
    subscribe,
    close: (): void => {
      isClosed = true;
      for (const line of [...lines.values()].flatMap((some) => [...some])) line.close();
    },
  };
};
