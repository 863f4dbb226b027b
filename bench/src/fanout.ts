import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { FromClients, FromServer, ToServer } from './fanout-protocol.ts';
import { type BenchResult, median, percentile } from './result.ts';

/**
 * Events to all sockets of one process: through the router's engine, sharing and sockets, against a loop over
 * bare `ws` that sends the same bytes. Each way has a process for its server and one for its clients; rounds take
 * turns, so that whatever else the machine does, it does to both. `npm run bench -- fanout 1000` is a quick look.
 */
const sockets = Number(process.argv[3] ?? 10_000);
const rounds = 60;
/** Before these, neither side has compiled what it runs. */
const warmUpRounds = 10;

type Way = 'ours' | 'bare';

type Side = {
  /** Publishes once for each variant; milliseconds until the last socket has it. */
  readonly round: () => Promise<number>;
  readonly usage: () => Promise<{ readonly cpuMicros: number; readonly memoryBytes: number }>;
  readonly memoryPerSocketBytes: number;
  readonly stop: () => void;
};

type Child<Message> = { readonly process: ChildProcess; readonly hear: () => Promise<Message> };

const start = <Message>(file: string, args: readonly (string | number)[]): Child<Message> => {
  const child = fork(new URL(file, import.meta.url), args.map(String), {
    execArgv: ['--import', 'tsx', '--expose-gc'],
  });
  const heard: Message[] = [];
  const events = new EventEmitter();
  child.on('message', (message: Message) => {
    heard.push(message);
    events.emit('heard');
  });
  child.once('exit', (code) => {
    // Killed by us in the end, it has no code.
    if (code !== null) events.emit('error', new Error(`${file} ended early.`));
  });
  const hear = async (): Promise<Message> => {
    for (;;) {
      const message = heard.shift();
      if (message) return message;
      await once(events, 'heard');
    }
  };
  return { process: child, hear };
};

const startSide = async (way: Way, variants: number): Promise<Side> => {
  const server = start<FromServer>('fanout-server.ts', [way]);
  const ask = async <Kind extends FromServer['is']>(message: ToServer, kind: Kind) => {
    server.process.send(message);
    return expect(await server.hear(), kind);
  };
  const usage = () => ask({ do: 'measure' }, 'usage');
  const { port } = expect(await server.hear(), 'listening');
  const before = await usage();
  const clients = start<FromClients>('fanout-clients.ts', [port, sockets, variants]);
  await clients.hear();
  const after = await usage();
  let event = 0;
  return {
    usage,
    memoryPerSocketBytes: (after.memoryBytes - before.memoryBytes) / sockets,
    round: async () => {
      event += 1;
      const { atNs } = await ask({ do: 'publish', event, variants }, 'published');
      const { lastAtNs } = await clients.hear();
      return Number(BigInt(lastAtNs) - BigInt(atNs)) / 1e6;
    },
    stop: () => {
      clients.process.kill();
      server.process.kill();
    },
  };
};

const expect = <Kind extends FromServer['is']>(message: FromServer, kind: Kind) => {
  if (message.is !== kind) throw new Error(`Expected ${kind}, not ${message.is}.`);
  // Its kind was compared a line above, which the compiler does not follow through a type parameter.
  return message as Extract<FromServer, { is: Kind }>;
};

const measure = async (side: Side) => {
  const from = await side.usage();
  const times: number[] = [];
  return {
    round: async () => times.push(await side.round()),
    end: async () => {
      const to = await side.usage();
      return {
        perSecond: (sockets * times.length) / (times.reduce((sum, one) => sum + one, 0) / 1_000),
        medianMs: median(times),
        p99Ms: percentile(times, 0.99),
        cpuMicros: (to.cpuMicros - from.cpuMicros) / (sockets * times.length),
        memoryBytes: side.memoryPerSocketBytes,
      };
    },
  };
};

const compare = async (variants: number) => {
  const ours = await startSide('ours', variants);
  const bare = await startSide('bare', variants);
  try {
    for (let round = 0; round < warmUpRounds; round += 1) {
      await ours.round();
      await bare.round();
    }
    const oursTaken = await measure(ours);
    const bareTaken = await measure(bare);
    for (let round = 0; round < rounds; round += 1) {
      await oursTaken.round();
      await bareTaken.round();
    }
    return { ours: await oursTaken.end(), bare: await bareTaken.end() };
  } finally {
    ours.stop();
    bare.stop();
  }
};

type Taken = Awaited<ReturnType<typeof compare>>;

const rowsOf = (name: string, { ours, bare }: Taken) =>
  [['router', ours] as const, ['bare ws', bare] as const].map(([way, taken]) => ({
    way: `${name}: ${way}`,
    'messages per second': Math.round(taken.perSecond),
    'last has it, p50 ms': Number(taken.medianMs.toFixed(1)),
    'p99 ms': Number(taken.p99Ms.toFixed(1)),
    'CPU µs per message': Number(taken.cpuMicros.toFixed(2)),
    'kB per socket': Number((taken.memoryBytes / 1_000).toFixed(1)),
  }));

const ratioOf = (name: string, { ours, bare }: Taken) => ({
  name: `${name}: rate of the router / of bare ws`,
  value: ours.perSecond / bare.perSecond,
  bound: 0.6,
  atLeast: true,
});

export const run = async (): Promise<BenchResult> => {
  const one = await compare(1);
  const many = await compare(1_000);
  return {
    name: `fanout: ${sockets} sockets on one process, an event for each, ${rounds} rounds in turn`,
    rows: [...rowsOf('one SKU', one), ...rowsOf('1,000 SKUs', many)],
    ratios: [ratioOf('one SKU', one), ratioOf('1,000 SKUs', many)],
    notes: ['The plan runs over a subgraph made for this bench; the clients count bytes on the other core.'],
  };
};
