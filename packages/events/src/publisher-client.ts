import { z } from 'zod';
import type { StoredEvent } from './catalogue.ts';
import { readFact } from './fact-json.ts';
import { createOutage } from './outage.ts';
import { orAborted } from './pause.ts';
import { CursorTooOldError } from './retention.ts';

/** How long a publisher may take to answer. */
const timeoutMs = 5_000;

const pageSchema = z.object({ head: z.int().nonnegative(), facts: z.array(z.unknown()) });
const goneSchema = z.object({ oldestKept: z.int().positive() });

/** A publisher in another process did not answer, or not what it should. Whoever runs the shop is told by the bus. */
export class PublisherAwayError extends Error {
  override name = 'PublisherAwayError';
  readonly code = 'PUBLISHER_AWAY';
  readonly publisher: string;
  /** The status of its answer; null where there was none. */
  readonly status: number | null;

  constructor(
    publisher: string,
    reason: string,
    { status = null, cause }: { status?: number | null; cause?: unknown },
  ) {
    super(`The facts of ${publisher} cannot be had: ${reason}`, { cause });
    this.publisher = publisher;
    this.status = status;
  }
}

/** Facts, and where their log ended when they were read. */
export type LogPage = { readonly head: number; readonly facts: readonly StoredEvent[] };

/** Asks a publisher in another process for its log. Each call throws a PublisherAwayError when it gets no answer. */
export type PublisherClient = {
  head(): Promise<number>;
  /** Throws a CursorTooOldError when some are deleted. */
  read(after: number, limit: number): Promise<LogPage>;
  keepFor(consumer: string, after: number): Promise<void>;
  /** Breaks off what is under way. */
  stop(): void;
};

type Place = {
  publisher: string;
  url: string;
  token: string | (() => Promise<string>);
  onError: (error: unknown) => void;
};

/** Asks where the publisher's graph is served; each outage is told once. */
export const createPublisherClient = (place: Place): PublisherClient => {
  const { ask, stop } = createAsk(place);
  return {
    head: async () => (await ask('/facts?after=0&limit=0', (answer) => pageOf(place, 0, answer))).head,
    read: (after, limit) =>
      ask(`/facts?after=${after}&limit=${limit}`, (answer) => pageOf(place, after, answer)),
    keepFor: (consumer, after) =>
      ask(
        `/facts/places/${encodeURIComponent(consumer)}`,
        ({ status }) => {
          if (status !== 204) throw refusal(place, status);
        },
        { method: 'PUT', body: JSON.stringify({ after }) },
      ),
    stop,
  };
};

/** One question and its answer, or why there is none. */
const createAsk = ({ publisher, url, token, onError }: Place) => {
  const stopping = new Set<() => void>();
  const outage = createOutage(onError);
  let isStopped = false;

  const send = async (path: string, request: RequestInit): Promise<Answer> => {
    const breaking = new AbortController();
    const stop = () => breaking.abort(new Error('the bus is stopped'));
    const timer = setTimeout(() => breaking.abort(new Error(`not in ${timeoutMs} ms`)), timeoutMs);
    stopping.add(stop);
    if (isStopped) stop();
    try {
      const bearer = typeof token === 'string' ? token : await orAborted(token(), breaking.signal);
      const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
      const response = await fetch(new URL(path, url), { ...request, headers, signal: breaking.signal });
      const text = await response.text();
      return { status: response.status, text };
    } catch (cause) {
      throw new PublisherAwayError(publisher, `${url} does not answer (${reasonOf(cause)}).`, { cause });
    } finally {
      clearTimeout(timer);
      stopping.delete(stop);
    }
  };
  const ask = async <Found>(
    path: string,
    read: (answer: Answer) => Found,
    request: RequestInit = {},
  ): Promise<Found> => {
    try {
      const found = read(await send(path, request));
      outage.isOver();
      return found;
    } catch (error) {
      if (error instanceof CursorTooOldError) throw error;
      const away =
        error instanceof PublisherAwayError
          ? error
          : new PublisherAwayError(publisher, `${url} answers what is no log: ${error}`, { cause: error });
      if (!isStopped) outage.goesOn(away);
      throw away;
    }
  };
  return {
    ask,
    stop: () => {
      isStopped = true;
      for (const stop of stopping) stop();
    },
  };
};

type Answer = { readonly status: number; readonly text: string };

const pageOf = (place: Place, after: number, { status, text }: Answer): LogPage => {
  const { publisher } = place;
  if (status === 410) {
    const { oldestKept } = goneSchema.parse(JSON.parse(text));
    throw new CursorTooOldError({ publisher, after, oldestKept });
  }
  if (status !== 200) throw refusal(place, status);
  const page = pageSchema.parse(JSON.parse(text));
  const facts = page.facts.map((fact) => readFact(publisher, fact));
  if (facts.some(({ sequence }, index) => sequence !== after + 1 + index)) {
    throw new Error(`the facts behind ${after} are not the next ones.`);
  }
  return { head: page.head, facts };
};

const refusal = ({ publisher, url }: Place, status: number) => {
  const reasons: Record<number, string> = {
    401: `${url} does not take our token (401).`,
    403: `${url} does not let our token read facts (403).`,
    404: `${url} publishes none (404).`,
  };
  return new PublisherAwayError(publisher, reasons[status] ?? `${url} answers ${status}.`, { status });
};

/** What fetch says is always the same; the cause behind it says what happened. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
};
