import { type Database, type Transaction, transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { Bus } from './bus.ts';
import { type FactType, publisherOf, type StoredEvent } from './catalogue.ts';
import type { EventLog } from './log.ts';
import { orAborted, pause, retryDelayMs } from './pause.ts';
import { startReporting } from './place-report.ts';
import { PublisherAwayError } from './publisher-client.ts';
import { CursorTooOldError } from './retention.ts';
import { createWrittenPlace } from './written-place.ts';

/** How many facts one transaction takes in. */
const batchSize = 100;
/** How often a fact is tried before it is put aside as a dead letter. */
const maxTries = 5;

/** What a subgraph does about others' facts, by their names. Each gets the transaction of the inbox. */
export type Handlers = {
  [Type in FactType]?: (tx: Transaction, event: StoredEvent<Type>) => Promise<void>;
};

/** A consumer at work. */
export type Consumer = {
  /** Resolves when every fact published before the call has had its effect here. */
  drained(): Promise<void>;
  /**
   * Throws why it has come to a halt: facts it has not taken in are deleted. It goes on when the place in
   * `consumed` has been set to a fact that is kept.
   */
  check(): void;
  stop(): Promise<void>;
};

/**
 * Takes in the facts the handlers name, in their publisher's order, each exactly once: how far it got is
 * written in the transaction of the effect. Any number of processes may run the same consumer.
 */
export const startConsumer = ({
  db,
  bus,
  consumer,
  handlers,
  onError = () => {},
}: {
  db: Database;
  bus: Bus;
  consumer: string;
  handlers: Handlers;
  /** Told of each failed try, and of what was put aside. */
  onError?: (error: unknown, event: StoredEvent | null) => void;
}): Consumer => {
  const stopping = new AbortController();
  const publishers = [...new Set((Object.keys(handlers) as FactType[]).map(publisherOf))];
  const inboxes = publishers.map((publisher) =>
    runInbox({ db, bus, publisher, consumer, handlers, onError, signal: stopping.signal }),
  );
  return {
    drained: async () => {
      await Promise.all(inboxes.map((inbox) => inbox.drained()));
    },
    check: () => {
      for (const inbox of inboxes) inbox.check();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(inboxes.map((inbox) => inbox.ended));
    },
  };
};

type InboxNeeds = {
  db: Database;
  bus: Bus;
  publisher: string;
  consumer: string;
  handlers: Handlers;
  onError: (error: unknown, event: StoredEvent | null) => void;
  signal: AbortSignal;
};

const runInbox = (needs: InboxNeeds) => {
  const { db, bus, publisher, consumer, signal } = needs;
  let position = 0;
  const written = createWrittenPlace(needs);
  let halt: CursorTooOldError | null = null;
  let watchers: (() => void)[] = [];
  const moveTo = (sequence: number) => {
    position = sequence;
    for (const check of watchers) check();
  };

  const takeAllIn = async (log: EventLog) => {
    for await (const page of log.follow(position, signal)) {
      for (let start = 0; start < page.length && !signal.aborted; start += batchSize) {
        const batch = page.slice(start, start + batchSize);
        await written.with(batch, () => takeInSafely(needs, batch));
        if (signal.aborted) return;
        moveTo(batch.at(-1)?.sequence ?? position);
      }
    }
  };
  const run = async (log: EventLog) => {
    await db.execute(sql`insert into consumed (consumer, publisher, sequence)
      values (${consumer}, ${publisher}, 0) on conflict do nothing`);
    moveTo(await positionOf(db, needs));
    written.beginAt(position);
    // First, so that nothing is kept for a consumer that cannot go on.
    await log.read(position, 1);
    halt = null;
    const reporting = await startReporting({
      log,
      consumer,
      position: () => position,
      settle: written.settle,
      onError: (error) => tell(needs, error),
    });
    try {
      await takeAllIn(log);
    } finally {
      await reporting.stop();
    }
  };
  const untilStopped = async () => {
    const log = await orAborted(bus.log(publisher), signal);
    for (let tries = 0; log && !signal.aborted; tries += 1) {
      try {
        // It ends by itself when the log is stopped.
        return await run(log);
      } catch (error) {
        // Whoever stops closes the databases under what is being read.
        if (signal.aborted) return;
        if (error instanceof CursorTooOldError) halt = error;
        tell(needs, error);
      }
      await pause(retryDelayMs(tries), signal);
    }
  };
  return {
    ended: untilStopped(),
    check: () => {
      if (halt) throw halt;
    },
    drained: async () => {
      const head = await (await bus.log(publisher)).head();
      await new Promise<void>((resolve) => {
        const check = () => {
          if (position < head) return;
          watchers = watchers.filter((other) => other !== check);
          resolve();
        };
        watchers = [...watchers, check];
        check();
      });
    },
  };
};

/** The bus has told of a publisher that does not answer, which each of its consumers tries again. */
const tell = ({ onError }: InboxNeeds, error: unknown) => {
  if (!(error instanceof PublisherAwayError)) onError(error, null);
};

/** A batch at once, and fact by fact when one of them fails, so that only the bad one is put aside. */
const takeInSafely = async (needs: InboxNeeds, batch: readonly StoredEvent[]): Promise<void> => {
  try {
    await takeIn(needs, batch);
  } catch (error) {
    if (batch.length > 1) {
      for (const event of batch) {
        // Whoever stopped in the midst of its tries has not taken the one before in.
        if (needs.signal.aborted) return;
        await takeInSafely(needs, [event]);
      }
      return;
    }
    const [event] = batch;
    if (event) await tryAgain(needs, event, error);
  }
};

const tryAgain = async (needs: InboxNeeds, event: StoredEvent, firstError: unknown): Promise<void> => {
  let reason = firstError;
  for (let tries = 1; tries < maxTries && !needs.signal.aborted; tries += 1) {
    needs.onError(reason, event);
    await pause(retryDelayMs(tries), needs.signal);
    try {
      await takeIn(needs, [event]);
      return;
    } catch (error) {
      reason = error;
    }
  }
  if (needs.signal.aborted) return;
  needs.onError(reason, event);
  await putAside(needs, event, reason);
};

/** Effects and position in one transaction; facts that another process took in meanwhile are passed over. */
const takeIn = ({ db, publisher, consumer, handlers }: InboxNeeds, batch: readonly StoredEvent[]) =>
  transaction(db, async (tx) => {
    const done = await lockPosition(tx, { publisher, consumer });
    for (const event of batch) {
      if (event.sequence <= done) continue;
      // The handler was found by the event's own type, which the union cannot follow.
      const handle = handlers[event.type] as
        | ((tx: Transaction, event: StoredEvent) => Promise<void>)
        | undefined;
      await handle?.(tx, event);
    }
    await savePosition(tx, { publisher, consumer, sequence: Math.max(done, batch.at(-1)?.sequence ?? 0) });
  });

const putAside = ({ db, publisher, consumer }: InboxNeeds, event: StoredEvent, reason: unknown) =>
  transaction(db, async (tx) => {
    const done = await lockPosition(tx, { publisher, consumer });
    if (event.sequence <= done) return;
    await tx.execute(sql`insert into dead_letters (consumer, publisher, sequence, type, data, reason)
      values (${consumer}, ${publisher}, ${event.sequence}, ${event.type},
        ${JSON.stringify(event.data)}::jsonb, ${String(reason)})`);
    await savePosition(tx, { publisher, consumer, sequence: event.sequence });
  });

type Inbox = { publisher: string; consumer: string };

const positionOf = async (db: Database, { publisher, consumer }: Inbox): Promise<number> => {
  const [row] = await db.execute<{ sequence: number }>(sql`
    select sequence from consumed where consumer = ${consumer} and publisher = ${publisher}`);
  return Number(row?.sequence ?? 0);
};

const lockPosition = async (tx: Transaction, { publisher, consumer }: Inbox): Promise<number> => {
  const [row] = await tx.execute<{ sequence: number }>(sql`
    select sequence from consumed where consumer = ${consumer} and publisher = ${publisher} for update`);
  return Number(row?.sequence ?? 0);
};

const savePosition = async (
  tx: Transaction,
  { publisher, consumer, sequence }: Inbox & { sequence: number },
) => {
  await tx.execute(sql`update consumed set sequence = ${sequence}
    where consumer = ${consumer} and publisher = ${publisher}`);
};
