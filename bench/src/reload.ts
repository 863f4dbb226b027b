import { localTransport, startRouter } from '@storegraph/router';
import { createKeys, createLog, mountSubgraph, signToken } from '@storegraph/server';
import { type BenchResult, median, percentile } from './result.ts';
import { compose, page, subgraphs } from './router-graph.ts';
import { load, post } from './router-load.ts';

const connections = 50;
const ms = 4_000;
const reloads = 20;

const nothing = async (): Promise<void> => undefined;

const startShop = async () => {
  const keys = await createKeys();
  const log = createLog(() => undefined);
  const mounted = subgraphs.map(({ name, typeDefs, resolvers }) =>
    mountSubgraph(
      {
        ...{ name, typeDefs, resolvers, isReady: nothing, start: nothing, stop: nothing },
        context: () => ({}),
      },
      { keys, log },
    ),
  );
  const router = await startRouter({
    ...{ supergraphSdl: compose([]), transports: mounted.map(localTransport), keys, port: 0, log },
    settings: { operations: { mode: 'off' }, rates: [] },
  });
  const token = await signToken(keys, { subject: 'bench', role: 'warehouse', lifetimeSeconds: 3_600 });
  return { router, request: post({ query: page, variables: { first: 24 } }, token) };
};

/** Takes a supergraph over again and again, as long as the load lasts. */
const reloadDuring = async (work: Promise<unknown>, reload: (supergraphSdl: string) => void) => {
  let isOver = false;
  const over = work.then(() => {
    isOver = true;
  });
  const supergraphSdl = compose([]);
  for (let count = 0; count < reloads && !isOver; count += 1) {
    await new Promise((resolve) => setTimeout(resolve, ms / (reloads + 1)));
    reload(supergraphSdl);
  }
  await over;
};

/** What clients notice of a supergraph that is taken over while they ask. */
export const run = async (): Promise<BenchResult> => {
  const { router, request } = await startShop();
  await load(router.port, request, { connections, ms: ms / 2 });
  const calm = await load(router.port, request, { connections, ms, isChecked: true });
  const loading = load(router.port, request, { connections, ms, isChecked: true });
  await reloadDuring(loading, router.reload);
  const reloaded = await loading;
  await router.stop();
  const rowOf = (what: string, { timesMs, perSecond, errors }: typeof calm) => ({
    ...{ what, requests: timesMs.length, errors, 'requests a second': Math.round(perSecond) },
    ...{
      'p50 ms': Number(median(timesMs).toFixed(2)),
      'p99 ms': Number(percentile(timesMs, 0.99).toFixed(2)),
    },
  });
  return {
    name: `${reloads} reloads in ${ms / 1_000} s, ${connections} connections that ask without pause`,
    rows: [rowOf('as it is', calm), rowOf('reloaded', reloaded)],
    ratios: [
      { name: 'requests that failed', value: reloaded.errors, bound: 0, atLeast: false },
      {
        name: 'requests a second, reloaded to as it is',
        value: reloaded.perSecond / calm.perSecond,
        bound: 0.5,
        atLeast: true,
      },
    ],
  };
};
