import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { diskFull, readIfThere } from './embedded-data.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';
import type { RunAs } from './embedded-user.ts';

/** How long the server may take until it answers; recovery after a crash included. */
const startTimeoutMs = 60_000;
/** How long the processes of a killed server may take to notice and let go of the data. */
const releaseTimeoutMs = 10_000;
/** How long it may take to stop in order, and then at once, before it is killed. */
const stopTimeoutMs = 15_000;
const stopNowTimeoutMs = 5_000;
const pollMs = 10;
/** How much of what it said is kept to explain a start that failed. */
const rememberedLines = 20;

/** A server process under our care. */
export type Server = {
  readonly pid: number;
  /** Resolves when it has ended, told to or not. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
};

export type Launch = {
  postgres: string;
  data: string;
  user: RunAs;
  settings: Readonly<Record<string, string>>;
  log: (line: string) => void;
};

/** Starts the server and waits until it takes connections. */
export const launch = async (start: Launch): Promise<Server> => {
  const giveUpAt = Date.now() + releaseTimeoutMs;
  for (;;) {
    const tried = await launchOnce(start);
    if ('pid' in tried) return tried;
    // F0001: the data are locked. Whoever held them is gone, as the caller has made sure, or about to go.
    const isHeld = tried.said.some((line) => line.startsWith('F0001'));
    if (!isHeld || Date.now() > giveUpAt) throw await cannotStart(start.data, tried.said);
    await pause();
  }
};

const launchOnce = async ({
  postgres,
  data,
  user,
  settings,
  log,
}: Launch): Promise<Server | { said: string[] }> => {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command = '', ...args] = [...user.prefix, postgres, '-D', data, ...options];
  // A group of its own, so that Ctrl-C in the terminal reaches us alone and we end it in order.
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter(Boolean)) {
      said.push(line);
      if (said.length > rememberedLines) said.shift();
      log(line);
    }
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true;
      resolve();
    };
    child.once('exit', end).once('error', (error) => {
      said.push(error.message);
      end();
    });
  });
  const giveUpAt = Date.now() + startTimeoutMs;
  while (!hasEnded && Date.now() < giveUpAt) {
    if (await isReady(data, child.pid)) return supervise(child, ended);
    await pause();
  }
  // What it said last may come after it has ended.
  const heard = child.stderr.closed ? null : once(child.stderr, 'close');
  child.kill('SIGKILL');
  await Promise.all([ended, heard]);
  return { said };
};

/** The server writes `ready` into its pid file as soon as it takes connections. */
const isReady = async (data: string, pid: number | undefined): Promise<boolean> => {
  const lines = ((await readIfThere(join(data, 'postmaster.pid')).catch(() => '')) ?? '').split('\n');
  return lines[0] === `${pid}` && lines[7]?.trim() === 'ready';
};

const pause = () => new Promise((resolve) => setTimeout(resolve, pollMs));

const supervise = (child: ChildProcess, ended: Promise<void>): Server => {
  // However this process ends, it does not leave the server behind; only a kill -9 does, and the next start clears up.
  const stopAtExit = () => child.kill('SIGINT');
  process.once('exit', stopAtExit);
  void ended.then(() => process.off('exit', stopAtExit));
  return {
    pid: child.pid ?? 0,
    ended,
    stop: async () => {
      // Fast shutdown: open connections are ended, data are written. Then immediate shutdown: recovery at the next start.
      child.kill('SIGINT');
      const stopNow = setTimeout(() => child.kill('SIGQUIT'), stopTimeoutMs);
      const kill = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs + stopNowTimeoutMs);
      await ended;
      clearTimeout(stopNow);
      clearTimeout(kill);
    },
  };
};

const cannotStart = async (data: string, said: readonly string[]): Promise<EmbeddedPostgresError> => {
  const full = await diskFull(data);
  if (full) return full;
  const line = said.find((text) => /FATAL|PANIC/.test(text)) ?? said.at(-1) ?? 'it said nothing';
  const reason = line.replace(/^.*?(FATAL|PANIC):\s*/, '').replace(/\.$/, '');
  return new EmbeddedPostgresError(
    `Postgres does not start over ${data}: ${reason}. Mend that, or start anew with --fresh.`,
  );
};

/** The wanted port when it is free, else any. */
export const freePort = async (wanted: number): Promise<number> =>
  (await portOf(wanted)) ?? (await portOf(0)) ?? noPort();

const portOf = async (wanted: number): Promise<number | null> => {
  const probe = createServer();
  try {
    probe.listen(wanted, '127.0.0.1');
    await once(probe, 'listening');
  } catch {
    return null;
  }
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' ? (address?.port ?? null) : null;
};

const noPort = (): never => {
  throw new EmbeddedPostgresError('No free port was found on 127.0.0.1.');
};
