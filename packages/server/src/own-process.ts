import { type Ask, askOverHttp } from './ask.ts';
import type { FollowedKeys } from './follow-keys.ts';
import { stopOnSignal } from './lifecycle.ts';
import { log } from './log.ts';
import { serveSubgraph } from './serve.ts';
import type { Subgraph } from './subgraph.ts';
import { type OwnProcessEnv, servedBy } from './subgraph-env.ts';
import type { PublicKeys } from './tokens.ts';

type Token = string | (() => Promise<string>);

/** As much of a bus as is needed to end it, and to see who is listened to; packages/events has the whole. */
type AnyBus = {
  register(log: { readonly publisher: string }): void;
  log(publisher: string): Promise<unknown>;
  stop(): Promise<void>;
};

type Neighbours = { readonly urls: Readonly<Record<string, string>>; readonly token: Token };

/** How a subgraph is put together in a process of its own. */
export type OwnProcess<Bus extends AnyBus, Context> = {
  readonly env: OwnProcessEnv;
  /** What callers' tokens are verified with. */
  readonly followed: FollowedKeys<PublicKeys>;
  /** What the others are asked with; nobody is asked when left out. */
  readonly token: Token | undefined;
  readonly openBus: (
    options: Neighbours & {
      readonly redisUrl: string | undefined;
      readonly onError: (error: unknown) => void;
    },
  ) => Bus;
  readonly open: (needs: { readonly bus: Bus; readonly ask: Ask }) => Promise<Subgraph<Context>>;
};

/** The same bus, which notes the publishers that somebody waits for and that nothing leads to. */
const noting = <Bus extends AnyBus>(
  bus: Bus,
  { urls }: Neighbours,
): { bus: Bus; unheard: ReadonlySet<string> } => {
  const registered = new Set<string>();
  const unheard = new Set<string>();
  const noted: AnyBus = {
    ...bus,
    register: (own) => {
      registered.add(own.publisher);
      bus.register(own);
    },
    log: (publisher) => {
      if (!registered.has(publisher) && !(publisher in urls)) unheard.add(publisher);
      return bus.log(publisher);
    },
  };
  // It has everything of the bus it was made of, which the type parameter cannot follow.
  return { bus: noted as Bus, unheard };
};

/** Serves a subgraph that hears the facts of others and tells its own, until the process is told to end. */
export const runSubgraph = async <Bus extends AnyBus, Context>({
  env,
  followed,
  token,
  openBus,
  open,
}: OwnProcess<Bus, Context>): Promise<void> => {
  const neighbours: Neighbours =
    token === undefined ? { urls: {}, token: '' } : { urls: env.SUBGRAPH_URLS, token };
  const { bus, unheard } = noting(
    openBus({
      ...neighbours,
      redisUrl: env.REDIS_URL,
      onError: (error) => log.error('Facts do not travel; it is tried again.', { error }),
    }),
    neighbours,
  );
  const subgraph = await open({ bus, ask: askOverHttp(neighbours) });
  const stop = async (): Promise<void> => {
    // Before the database that it reads, and behind the last answer, whose facts it still takes along.
    await bus.stop();
    await subgraph.stop();
    followed.stop();
  };
  const front = await serveSubgraph({ ...subgraph, stop }, { ...servedBy(env), keys: followed.keys });
  // First, because whoever reads that it is open may tell it to end.
  stopOnSignal(front);
  if (unheard.size > 0) {
    const how = token === undefined ? 'set SUBGRAPH_URLS and SERVICE_TOKEN' : 'name them in SUBGRAPH_URLS';
    log.warn(`It does not hear the facts of other subgraphs: ${how}.`, { subgraphs: [...unheard] });
  }
  log.info(`${subgraph.name} is open.`, { url: front.url });
};
