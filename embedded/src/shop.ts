import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInProcessBus } from '@storegraph/events';
import {
  type Log,
  type MountedSubgraph,
  mountSubgraph,
  log as processLog,
  schemaFolder,
} from '@storegraph/server';
import { CannotStart, hasCode } from './cannot-start.ts';
import { openFolder, operationsFolder } from './folder.ts';
import { openKeys } from './keys.ts';
import { mailboxOf } from './mailbox.ts';
import { createPages } from './pages.ts';
import { fillOnce } from './seeding.ts';
import { openPostgres } from './shop-postgres.ts';
import { createAsks, parts } from './subgraphs.ts';

export type ShopOptions = {
  /** Where the shop keeps its database and its keys; made when it is not there. */
  readonly folder: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** 127.0.0.1 when left out. */
  readonly host?: string;
  /** A Postgres of one's own, instead of the embedded one. */
  readonly postgresUrl?: string | undefined;
  /** How many products a new shop is filled with; 2,000 when left out. */
  readonly products?: number;
  readonly log?: Log;
  /** Hears, in words for a person, what takes its time. */
  readonly tell?: (line: string) => void;
  /** Called when the embedded Postgres ends without being told to: the shop can then only be stopped. */
  readonly onLost?: () => void;
  /** Gives the start up, also in the midst of filling a new shop. */
  readonly signal?: AbortSignal;
};

/** The whole shop, running in this process. */
export type Shop = {
  /** The address of the start page; the graph is below it at `/graphql`. */
  readonly url: string;
  /** Its database. */
  readonly postgresUrl: string;
  /** Whether it was filled now. */
  readonly isNew: boolean;
  readonly subgraphs: readonly MountedSubgraph[];
  /** Takes nothing new, finishes what is in flight, and leaves no process and no lock. */
  readonly stop: () => Promise<void>;
};

const defaultProducts = 2_000;
/** Where a shop listens that is reached by the name `localhost` from the same machine. */
const localNames = new Set(['127.0.0.1', '0.0.0.0', '::', '::1']);

/** Starts the whole shop: Postgres, every subgraph, the router. What was started is stopped when the rest fails. */
export const startShop = async (options: ShopOptions): Promise<Shop> => {
  const {
    port,
    host = '127.0.0.1',
    products = defaultProducts,
    log = processLog,
    tell = () => {},
    onLost,
    signal,
  } = options;
  const folder = resolve(options.folder);
  const stops: (() => Promise<void>)[] = [];
  const stop = () => stopAll(stops);
  try {
    await openFolder(folder);
    await checkPort(port, host);
    // Loading the router takes about as long as Postgres needs to start.
    const [postgres, { localTransport, startRouter }] = await Promise.all([
      openPostgres({ folder, postgresUrl: options.postgresUrl, log, onLost }).then((opened) => {
        stops.push(opened.stop);
        return opened;
      }),
      import('@storegraph/router'),
    ]);
    // Behind the lock of the database, so that nobody else's --fresh takes them away again.
    const opened = await openKeys(folder, (error) => log.error('The keys stay as they were.', { error }));
    stops.push(async () => opened.stop());
    const { keys } = opened;
    const isNew = await fillOnce({ url: postgres.url, products, log, tell, signal });
    signal?.throwIfAborted();

    const bus = createInProcessBus();
    const asks = createAsks();
    const subgraphs: MountedSubgraph[] = [];
    for (const { name, open } of parts) {
      const part = await open({ postgresUrl: postgres.url, bus, ask: asks.of(name), keys, shopKeys: keys });
      const subgraph = mountSubgraph(part, { keys, log });
      asks.answeredBy(subgraph);
      stops.push(subgraph.stop);
      subgraphs.push(subgraph);
    }
    await Promise.all(subgraphs.map((subgraph) => subgraph.start()));

    const supergraphSdl = await readFile(join(schemaFolder, 'supergraph.graphql'), 'utf8');
    const pages = createPages({ mailbox: mailboxOf(subgraphs) });
    const router = await startRouter({
      ...{ supergraphSdl, keys, port, host, pages, log },
      transports: subgraphs.map(localTransport),
      logs: await Promise.all(subgraphs.map(({ name }) => bus.log(name))),
      settings: { operations: { folder: operationsFolder(folder) } },
    });
    stops.push(router.stop);
    const url = `http://${localNames.has(host) ? 'localhost' : host}:${router.port}`;
    return { url, postgresUrl: postgres.url, isNew, subgraphs, stop };
  } catch (error) {
    await stop();
    throw portError(error, port, host);
  }
};

/** Stops what was started last first. One that fails does not keep the others running. */
const stopAll = async (stops: (() => Promise<void>)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (let next = stops.pop(); next; next = stops.pop()) {
    await next().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
};

/** Asked before anything slow begins; the router finds out anyway. */
const checkPort = (port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(port, host, () => probe.close(() => resolve()));
  });

const portError = (error: unknown, port: number, host: string): unknown => {
  if (!(error instanceof Error) || !('syscall' in error) || error.syscall !== 'listen') return error;
  if (hasCode(error, 'EADDRINUSE')) {
    return new CannotStart(
      `Port ${port} is in use, maybe by a shop that runs already: stop that program, or take another port with \`PORT=${port + 1} npm start\`.`,
    );
  }
  if (hasCode(error, 'EACCES')) {
    return new CannotStart(
      `Port ${port} is not for everybody: take one above 1023 with \`PORT=4000 npm start\`.`,
    );
  }
  return new CannotStart(`Nothing can listen on ${host}:${port}: set HOST to an address of this machine.`);
};
