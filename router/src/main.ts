import { readFile, stat } from 'node:fs/promises';
import { type EventLog, openProcessBus, PublisherAwayError } from '@storegraph/events';
import { InvalidEnvironment, log, openPublicKeys, startTracing, stopOnSignal } from '@storegraph/server';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { readEnv } from './env.ts';
import { readSupergraph } from './graph/supergraph.ts';
import { httpTransport } from './reach/http-transport.ts';
import { createInflight } from './reach/inflight.ts';
import { checkAddresses } from './reach/ways.ts';
import { type Router, type RouterOptions, startRouter } from './router.ts';
import { type Settings, settingsSchema } from './settings.ts';

/** How often the supergraph's file is looked at. */
const lookMs = 1_000;

/** Why a router does not start, in a sentence. */
class CannotStart extends Error {}

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EISDIR', 'EACCES')) throw error;
    throw new CannotStart(`${file} cannot be read: name the right file by --supergraph or SUPERGRAPH_FILE.`);
  }
};

const readSettings = async (file: string | null): Promise<Settings> => {
  if (file === null) return {};
  try {
    return settingsSchema.parse(JSON.parse(await readText(file)));
  } catch (error) {
    if (error instanceof SyntaxError) throw new CannotStart(`${file} is not valid JSON.`);
    if (!(error instanceof z.ZodError)) throw error;
    const problems = error.issues.map(({ path, message }) => `- ${path.join('.')}: ${message}`);
    throw new CannotStart([`${file} cannot be used:`, ...problems].join('\n'));
  }
};

const plannerOf = async (planner: 'hive' | 'apollo'): Promise<Pick<RouterOptions, 'createPlanner'>> => {
  if (planner === 'hive') return {};
  // Only here, because its licence is another and it takes its time to load.
  const { createApolloPlanner } = await import('./plan/apollo-planner.ts');
  return { createPlanner: createApolloPlanner };
};

const readGraph = async (file: string): Promise<string> => {
  const supergraphSdl = await readText(file);
  try {
    checkAddresses(readSupergraph(supergraphSdl).subgraphs);
    return supergraphSdl;
  } catch (error) {
    throw new CannotStart(`${file} cannot be served: ${error instanceof Error ? error.message : error}`);
  }
};

/** Takes a supergraph that was composed anew; what cannot be used leaves the one that is served. */
const followFile = (file: string, served: string, router: Router): NodeJS.Timeout => {
  let state: number | null = null;
  let text = served;
  const look = async (): Promise<void> => {
    const { mtimeMs } = await stat(file);
    if (mtimeMs === state) return;
    const read = await readFile(file, 'utf8');
    state = mtimeMs;
    if (read === text) return;
    text = read;
    router.reload(read);
    log.info('The supergraph was loaded anew.', { file });
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => log.error('The supergraph stays as it was.', { file, error }));
  }, lookMs);
  return timer.unref();
};

/** Asked for little, and done without at once where it does not answer: nobody waits for it. */
const openRedis = (url: string): Redis => {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 500, enableOfflineQueue: false });
  let isAway = false;
  redis.on('error', (error) => {
    if (!isAway) log.warn('Redis does not answer: this router counts for itself.', { error: error.message });
    isAway = true;
  });
  redis.on('ready', () => {
    isAway = false;
  });
  return redis;
};

type Facts = { readonly logs: readonly EventLog[]; readonly stop: () => Promise<void> };

/** The facts of all subgraphs, where they are asked; none without a token to ask with. */
const openFacts = async (
  supergraphSdl: string,
  token: string | undefined,
  redisUrl: string | undefined,
): Promise<Facts> => {
  if (token === undefined) return { logs: [], stop: async () => undefined };
  const urls = Object.fromEntries(
    readSupergraph(supergraphSdl).subgraphs.map(({ name, url }) => [name, url]),
  );
  const bus = openProcessBus({
    ...{ urls, token, redisUrl },
    onError: (error) => {
      if (error instanceof PublisherAwayError && error.status === 404)
        return log.info('Nothing is kept of a subgraph that tells no facts.', { subgraph: error.publisher });
      log.error('Facts of subgraphs do not arrive; it is tried again.', { error });
    },
  });
  return { logs: await Promise.all(Object.keys(urls).map(bus.log)), stop: bus.stop };
};

const start = async (): Promise<void> => {
  const { supergraphFile, settingsFile, planner, collector, redisUrl, keySources, serviceToken, ...env } =
    readEnv();
  const tracing =
    collector === undefined ? null : await startTracing({ serviceName: 'router', endpoint: collector });
  const redis = redisUrl === undefined ? null : openRedis(redisUrl);
  const supergraphSdl = await readGraph(supergraphFile);
  const followed = await openPublicKeys(keySources);
  const facts = await openFacts(supergraphSdl, serviceToken, redisUrl);
  const share = createInflight();
  const router = await startRouter({
    ...env,
    keys: followed.keys,
    ...(await plannerOf(planner)),
    ...{ supergraphSdl, transports: (place) => share(httpTransport(place)) },
    ...{ ...(redis && { redis }), logs: facts.logs },
    settings: await readSettings(settingsFile),
  });
  const following = followFile(supergraphFile, supergraphSdl, router);
  // First, because whoever reads that it is open may tell it to end.
  stopOnSignal({
    stop: async () => {
      clearInterval(following);
      followed.stop();
      await router.stop();
      await facts.stop();
      redis?.disconnect();
      await tracing?.stop();
    },
  });
  log.info('The router is open.', { url: router.url });
};

await start().catch((error: unknown) => {
  const isPort = hasCode(error, 'EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL');
  if (!isPort && !(error instanceof CannotStart) && !(error instanceof InvalidEnvironment)) throw error;
  const sentence = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${isPort ? `The router cannot listen there (${sentence}): set --port or PORT to another.` : sentence}\n`,
  );
  process.exit(1);
});
