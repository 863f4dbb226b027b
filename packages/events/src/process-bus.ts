import type { Redis } from 'ioredis';
import { type Bus, createInProcessBus } from './bus.ts';
import { connectStream } from './fact-stream.ts';
import type { OpenEventLog } from './log.ts';
import { createOutage } from './outage.ts';
import { createPublisherClient } from './publisher-client.ts';
import { type Relay, startRelay } from './relay.ts';
import { openRemoteLog } from './remote-log.ts';
import { openStreamReader } from './stream-reader.ts';

/** A bus with its connections, which are to be closed. */
export type ProcessBus = Bus & { stop(): Promise<void> };

/**
 * The bus of a shop in many processes: facts of this one's own logs are brought to the others, whose logs are
 * followed through Redis and read from the publishers themselves.
 */
export const openProcessBus = ({
  urls,
  token,
  redisUrl,
  onError,
}: {
  /** Where each publisher's graph is served: `http://product:4001/graphql`, by name. */
  readonly urls: Readonly<Record<string, string>>;
  /** What publishers are asked with. */
  readonly token: string | (() => Promise<string>);
  /** Where facts travel; without it publishers are asked again and again. */
  readonly redisUrl?: string | undefined;
  /** Told of each outage once, when it begins. */
  readonly onError: (error: unknown) => void;
}): ProcessBus => {
  const own = createInProcessBus();
  const registered = new Set<string>();
  const relays: Relay[] = [];
  const remotes = new Map<string, OpenEventLog>();
  const outage = createOutage(onError);
  const connect = redisUrl === undefined ? null : () => connectStream(redisUrl, outage);
  const stream = connect && openStreamReader({ connect, onError });
  let writer: Redis | null = null;

  const remoteLog = (publisher: string, url: string): OpenEventLog => {
    const known = remotes.get(publisher);
    if (known) return known;
    const client = createPublisherClient({ publisher, url, token, onError });
    const log = openRemoteLog({ publisher, client, stream });
    remotes.set(publisher, log);
    return log;
  };
  return {
    register: (log) => {
      registered.add(log.publisher);
      own.register(log);
      if (!connect) return;
      writer ??= connect();
      relays.push(startRelay({ redis: writer, log, onError }));
    },
    log: (publisher) => {
      const url = Object.hasOwn(urls, publisher) ? urls[publisher] : undefined;
      if (url === undefined || registered.has(publisher)) return own.log(publisher);
      return Promise.resolve(remoteLog(publisher, url));
    },
    stop: async () => {
      // First, because relays may wait for its answer.
      const stopping = relays.map((relay) => relay.stop());
      writer?.disconnect();
      await Promise.all([...stopping, stream?.stop(), ...[...remotes.values()].map((log) => log.stop())]);
    },
  };
};
