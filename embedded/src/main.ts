import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { log } from '@storegraph/server';
import { CannotStart, hasCode, tellWhy } from './cannot-start.ts';
import { defaultFolder, readEnv } from './env.ts';
import { beginAnew } from './fresh.ts';
import { greeting } from './greeting.ts';
import { type Shop, startShop } from './shop.ts';

/** Longer than everything in flight may take (ten seconds). */
const stopLimitMs = 20_000;
/** Ctrl-C reaches us once from the terminal and, with some shells, once more through npm: that is one wish, not two. */
const sameWishMs = 500;

const say = (text: string) => process.stdout.write(`${text}\n`);

const stopping = new AbortController();
let shop: Shop | null = null;

const readArguments = () => {
  try {
    return parseArgs({ options: { fresh: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('ERR_PARSE_ARGS'))
      throw error;
    throw new CannotStart(
      `${error.message.split('.')[0]}. \`npm start\` knows one option: \`npm start -- --fresh\`.`,
    );
  }
};

const run = async () => {
  const { fresh } = readArguments();
  const { folder, port, host, postgresUrl } = readEnv();
  if (fresh) await beginAnew({ folder, postgresUrl });
  const { signal } = stopping;
  shop = await startShop({ folder, port, host, postgresUrl, log, tell: say, onLost, signal });
  const text = await greeting(shop, { folder, isDefaultFolder: folder === defaultFolder }, process.uptime());
  if (!stopping.signal.aborted) say(text);
};

/** Whoever started us can start us again, and the database recovers by itself. */
const onLost = () => {
  process.stderr.write(
    'Postgres has ended though nobody told it to: start the shop again, nothing that was answered is lost.\n',
  );
  process.exit(1);
};

/** Stops what runs and ends the process; what does not stop in time is left to the exit. */
const end = async (code: number) => {
  setTimeout(() => process.exit(1), stopLimitMs).unref();
  await started;
  try {
    await shop?.stop();
  } catch (error) {
    log.error('The shop could not stop in order.', { error });
    process.exit(1);
  }
  process.exit(code);
};

let stoppingSince = Number.POSITIVE_INFINITY;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) {
      if (performance.now() - stoppingSince > sameWishMs) process.exit(128 + constants.signals[signal]);
      return;
    }
    stoppingSince = performance.now();
    stopping.abort();
    say('\nStopping …');
    void end(0);
  });
}

// A reader that has gone, as in `npm start | head`, is no reason to leave a database without its shutdown.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (!hasCode(error, 'EPIPE', 'EIO')) throw error;
  });
}

process.on('uncaughtException', (error) => {
  log.error('Something broke that must not.', { error });
  if (stopping.signal.aborted) process.exit(1);
  stopping.abort();
  void end(1);
});

const started = run().catch((error: unknown) => {
  // It gave up because it was told to.
  if (stopping.signal.aborted && error instanceof Error && error.name === 'AbortError') return;
  tellWhy(error);
  process.exit(1);
});
