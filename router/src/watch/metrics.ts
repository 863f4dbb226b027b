import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Prepared } from '../prepare/prepared.ts';
import { createBoundedNames } from './bounded-names.ts';
import type { Outcome } from './outcome.ts';
import { createCounter, createHistogram } from './series.ts';

type Named = Pick<Prepared, 'kind' | 'name'>;

/** What the router counts. Operations are told by their names, never by their ids, texts or variables. */
export type Metrics = {
  /** Keeps the name of a published operation apart from what callers make up. */
  readonly know: (operation: string) => void;
  /** An operation was run, or refused. Null where it is not known which. */
  readonly answered: (operation: Named | null, client: string | null, outcome: Outcome) => void;
  /** A request was refused as HTTP, whatever operation it held. */
  readonly refused: (status: number, outcome: Outcome) => void;
  readonly took: (operation: Named, seconds: number) => void;
  readonly prepared: (isNew: boolean, seconds: number) => void;
  readonly planned: (seconds: number) => void;
  readonly fetched: (subgraph: string, code: string, seconds: number) => void;
  /** An answer was looked for among those that are kept. */
  readonly soughtKept: (isFound: boolean) => void;
  readonly sockets: Level;
  readonly subscriptions: Level;
  readonly upstreams: Level;
  readonly sentEvent: () => void;
  /** The text that Prometheus reads. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
};

/** How many there are now. */
export type Level = { readonly rise: () => void; readonly fall: () => void };

/** A shop publishes about a hundred operations; beside these it takes as many again from who writes new ones. */
const maxOperations = 200;
/** Sites, apps and tills. */
const maxClients = 50;
/** Ours and those of all subgraphs. */
const maxCodes = 100;
const maxLimits = 30;

/** Seconds; the shop's answers take 2 to 50 ms, its deadline is 10 s. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Seconds; a plan takes a tenth of a millisecond to a few. */
const planBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];

const prefix = 'storegraph_router_';

/** Builds metrics in a registry of their own. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const operations = createBoundedNames(maxOperations);
  const clients = createBoundedNames(maxClients);
  const codes = createBoundedNames(maxCodes);
  const limits = createBoundedNames(maxLimits);
  const { requests, refusals, hits, prepares, kept, events } = countersIn(registry);
  const { durations, fetches, preparing, planning } = histogramsIn(registry);
  const level = levelIn(registry);

  const met = (limit: string | null): void => {
    if (limit !== null) hits(limits.of(limit));
  };
  const nameOf = ({ name }: Named): string => (name === null ? 'unnamed' : operations.of(name));

  return {
    know: operations.know,
    answered: (operation, client, { code, limit }) => {
      const name = operation ? nameOf(operation) : 'unknown';
      const kind = operation?.kind ?? 'unknown';
      requests(name, kind, client === null ? 'unknown' : clients.of(client), codes.of(code));
      met(limit);
    },
    refused: (status, { code, limit }) => {
      refusals(String(status), codes.of(code));
      met(limit);
    },
    took: (operation, seconds) => durations(seconds, nameOf(operation), operation.kind),
    prepared: (isNew, seconds) => {
      prepares(String(!isNew));
      if (isNew) preparing(seconds);
    },
    planned: (seconds) => planning(seconds),
    fetched: (subgraph, code, seconds) => fetches(seconds, subgraph, codes.of(code)),
    soughtKept: (isFound) => kept(String(isFound)),
    sockets: level('sockets', 'Open WebSockets.'),
    subscriptions: level('subscriptions', 'Followers of subscriptions.'),
    upstreams: level('upstreams', 'Open subscriptions at subgraphs, each shared by its followers.'),
    sentEvent: () => events(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
};

const countersIn = (registry: Registry) => {
  const counter = (name: string, help: string, ...labels: readonly string[]) =>
    createCounter(registry, { name: `${prefix}${name}`, help, labels });
  return {
    requests: counter(
      'operations_total',
      'Operations by how they ended.',
      ...['operation', 'kind', 'client', 'outcome'],
    ),
    refusals: counter('refused_requests_total', 'Requests that were refused as HTTP.', 'status', 'code'),
    hits: counter('limit_hits_total', 'Refusals by the limit that was met.', 'limit'),
    prepares: counter('prepared_total', 'Operations that were known already, or new.', 'found'),
    kept: counter('kept_answers_total', 'Answers looked for among those that are kept.', 'found'),
    events: counter('events_sent_total', 'Events handed to followers of subscriptions.'),
  };
};

const histogramsIn = (registry: Registry) => {
  const histogram = (name: string, help: string, bounds: readonly number[], ...labels: readonly string[]) =>
    createHistogram(registry, { name: `${prefix}${name}`, help, labels }, bounds);
  return {
    durations: histogram('operation_seconds', 'How long operations ran.', buckets, 'operation', 'kind'),
    fetches: histogram(
      'fetch_seconds',
      'Questions to subgraphs by what came of them.',
      buckets,
      ...['subgraph', 'outcome'],
    ),
    preparing: histogram('prepare_seconds', 'Parsing and checking new operations.', planBuckets),
    planning: histogram('plan_seconds', 'Planning new operations.', planBuckets),
  };
};

const levelIn =
  (registry: Registry) =>
  (name: string, help: string): Level => {
    const gauge = new Gauge({ name: `${prefix}${name}`, help, registers: [registry] });
    return { rise: () => gauge.inc(), fall: () => gauge.dec() };
  };
