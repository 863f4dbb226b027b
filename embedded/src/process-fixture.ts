import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export type Launched = {
  /** Where its graph is, as soon as it is open; throws what it said when it ends before. */
  readonly url: Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Tells it to end in order. */
  readonly stop: () => void;
  /** Ends it in the midst of whatever it does. */
  readonly kill: () => Promise<unknown>;
};

/** Starts the processes of a distributed shop, in the repository, with these settings and no others. */
export const createLauncher = () => {
  const launched = new Set<Launched>();

  const start = (command: readonly string[], settings: Readonly<Record<string, string>>): Launched => {
    const [file = '', ...given] = command;
    const child = spawn(file, given, {
      cwd: root,
      env: { PATH: process.env['PATH'], ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    const heard = new Set<() => void>();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const check of heard) check();
    });
    const ended = once(child, 'close').then(([code]) => ({ code, output }));
    const url = new Promise<string>((resolve, reject) => {
      heard.add(() => {
        const found = /is open\."[^\n]*"url":"([^"]+)"/.exec(output)?.[1];
        if (found) resolve(found);
      });
      void ended.then(() => reject(new Error(output)));
    });
    url.catch(() => {});
    const kill = () => {
      child.kill('SIGKILL');
      return ended;
    };
    const one = { url, ended, stop: () => child.kill('SIGTERM'), kill };
    launched.add(one);
    return one;
  };

  return {
    start,
    /** A module of the repository. */
    launch: (module: string, settings: Readonly<Record<string, string>>): Launched =>
      start([process.execPath, '--import', 'tsx', module], settings),
    /** Ends all that still run. */
    killAll: async (): Promise<void> => {
      await Promise.all([...launched].map(({ kill }) => kill()));
      launched.clear();
    },
  };
};

/** Asks a graph for something, as whoever the token says. */
export const askGraph = async (
  url: string,
  query: string,
  { token, variables = {} }: { readonly token?: string | undefined; readonly variables?: object } = {},
) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  return JSON.parse(await response.text());
};
