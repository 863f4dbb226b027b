import type { Redis } from 'ioredis';
import type { StoredEvent } from './catalogue.ts';
import { readFact } from './fact-json.ts';
import { sequenceOf, streamEnd, streamOf } from './fact-stream.ts';
import { createOutage, type Outage } from './outage.ts';
import { orAborted, pause, retryDelayMs } from './pause.ts';

/** How long one read waits for facts, and thereby how long a stream waits at most to be read with the others. */
const blockMs = 1_000;
/** How many facts of a stream one read takes. */
const readCount = 1_000;

/** Who is told of a publisher's new facts. */
export type StreamListener = {
  /** In order; some may be left out. */
  facts(facts: readonly StoredEvent[]): void;
  /** Facts may have been missed. */
  doubt(): void;
};

/** One connection that waits for the facts of every publisher that this process follows. */
export type StreamReader = {
  watch(publisher: string, listener: StreamListener): void;
  /** Whether the new facts of a publisher come by themselves. */
  isLive(publisher: string): boolean;
  /** The sequence of the last fact that was read, or stood in the stream before; 0 before the first. */
  place(publisher: string): number;
  /** Goes on at the stream's end, which may lie before what was read: another has taken its place. */
  rejoin(publisher: string): void;
  stop(): Promise<void>;
};

/** Reads each stream from its end on. */
export const openStreamReader = ({
  connect,
  onError,
}: {
  /** Makes the connection, which is the reader's own: it waits there. */
  connect: () => Redis;
  onError: (error: unknown) => void;
}): StreamReader => {
  const stopping = new AbortController();
  const listeners = new Map<string, StreamListener>();
  const places = new Map<string, number>();
  const outage = createOutage(onError);
  let redis: Redis | null = null;
  let ended = Promise.resolve();

  const doubtAll = () => {
    for (const { doubt } of listeners.values()) doubt();
  };
  const readUntilStopped = async (from: Redis) => {
    for (let tries = 0; !stopping.signal.aborted; ) {
      try {
        await orAborted(joinNew(from, { listeners, places }), stopping.signal);
        for (const [publisher, entries] of (await orAborted(readNew(from, places), stopping.signal)) ?? []) {
          hand(publisher, entries, { listeners, places, outage });
        }
        tries = 0;
      } catch (cause) {
        // Whoever stops closes the connection under what waits in it.
        if (stopping.signal.aborted) return;
        outage.goesOn(new Error(`Facts cannot be read from Redis: ${cause}`, { cause }));
        await pause(retryDelayMs(tries), stopping.signal);
        tries += 1;
      }
    }
  };
  return {
    watch: (publisher, listener) => {
      listeners.set(publisher, listener);
      if (redis !== null || stopping.signal.aborted) return;
      redis = connect();
      // What was added meanwhile may be forgotten; and who followed it does without it until then.
      redis.on('ready', doubtAll);
      redis.on('close', doubtAll);
      ended = readUntilStopped(redis);
    },
    isLive: (publisher) => redis?.status === 'ready' && places.has(publisher),
    place: (publisher) => places.get(publisher) ?? 0,
    rejoin: (publisher) => {
      places.delete(publisher);
    },
    stop: async () => {
      stopping.abort();
      redis?.disconnect();
      await ended;
    },
  };
};

type Entries = readonly (readonly [id: string, fields: readonly string[]])[];
type Watched = { listeners: ReadonlyMap<string, StreamListener>; places: Map<string, number> };

const joinNew = async (redis: Redis, { listeners, places }: Watched): Promise<void> => {
  for (const [publisher, { doubt }] of listeners) {
    if (places.has(publisher)) continue;
    places.set(publisher, await streamEnd(redis, publisher));
    doubt();
  }
};

/** What has come into the streams, of all of them in one read. */
const readNew = async (redis: Redis, places: ReadonlyMap<string, number>) => {
  const publishers = [...places.keys()];
  if (publishers.length === 0) return [];
  const streams = publishers.map(streamOf);
  const ids = [...places.values()].map((place) => `${place}-0`);
  const found = await redis.xread('COUNT', readCount, 'BLOCK', blockMs, 'STREAMS', ...streams, ...ids);
  return (found ?? []).map(([stream, entries]): readonly [string, Entries] => [
    publishers[streams.indexOf(stream)] ?? '',
    entries,
  ]);
};

const hand = (
  publisher: string,
  entries: Entries,
  { listeners, places, outage }: Watched & { outage: Outage },
): void => {
  const listener = listeners.get(publisher);
  const last = entries.at(-1);
  // One that is to be joined anew has no place to go on from.
  if (!listener || !last || !places.has(publisher)) return;
  places.set(publisher, sequenceOf(last[0]));
  try {
    listener.facts(entries.map(([, [, text]]) => readFact(publisher, JSON.parse(text ?? ''))));
    outage.isOver();
  } catch (cause) {
    outage.goesOn(new Error(`Redis holds what is no fact of ${publisher}: ${cause}`, { cause }));
    // As if it had not come: the publisher itself is asked.
    listener.doubt();
  }
};
