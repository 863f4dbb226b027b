import type { EventLog } from './log.ts';

/** Where subgraphs find each other's facts. */
export type Bus = {
  /** Offers a publisher's log to the consumers. */
  register(log: EventLog): void;
  /** The log of a publisher, as soon as it is registered. */
  log(publisher: string): Promise<EventLog>;
};

/** The bus of a shop in one process: each consumer follows the publisher's own outbox. */
export const createInProcessBus = (): Bus => {
  const logs = new Map<string, EventLog>();
  const waiting = new Map<string, ((log: EventLog) => void)[]>();
  return {
    register: (log) => {
      logs.set(log.publisher, log);
      for (const resolve of waiting.get(log.publisher) ?? []) resolve(log);
      waiting.delete(log.publisher);
    },
    log: (publisher) => {
      const known = logs.get(publisher);
      if (known) return Promise.resolve(known);
      return new Promise((resolve) => {
        waiting.set(publisher, [...(waiting.get(publisher) ?? []), resolve]);
      });
    },
  };
};
