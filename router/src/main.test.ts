import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createKeys, createLog, type Front, serveSubgraph } from '@storegraph/server';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { compose } from '../../scripts/compose.ts';
import { createCatalogue } from './shop-for-tests.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const started: ChildProcess[] = [];

let folder: string;
let file: string;
let front: Front;
let whole: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-'));
  file = join(folder, 'supergraph.graphql');
  const { subgraph } = createCatalogue();
  front = await serveSubgraph(subgraph, {
    port: 0,
    keys: await createKeys(),
    log: createLog(() => undefined),
  });
  whole = (compose([subgraph]).supergraphSdl ?? '').replace(/http:.*graphql/, front.url);
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
afterAll(async () => {
  await front.stop();
  await rm(folder, { recursive: true });
});

const start = (supergraph = file, settings: Readonly<Record<string, string>> = {}) => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', main, '--supergraph', supergraph, '--port', '0'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...settings },
    },
  );
  started.push(child);
  return child;
};

/** Put in its place at once, as whoever composes a graph should. */
const place = async (sdl: string): Promise<void> => {
  await writeFile(`${file}.new`, sdl);
  await rename(`${file}.new`, file);
};

/** Waits for a line of its log, and passes over those before it. */
const listen = (child: ReturnType<typeof start>) => {
  const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  return async (message: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`It ended without saying "${message}".`);
      const line: Record<string, unknown> = JSON.parse(value);
      if (line['message'] === message) return line;
    }
  };
};

const ask = async (url: string, query: string): Promise<unknown> => {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })).json();
};

test('a file that was composed anew is served; what cannot be used is logged, and the old one stays', async () => {
  await place(whole.replace(/^ +who: .*\n/m, ''));
  const child = start();
  const says = listen(child);
  const url = String((await says('The router is open.'))['url']);
  expect(await ask(url, '{ who }')).toMatchObject({
    errors: [{ message: expect.stringMatching(/Cannot query field "who"/) }],
  });

  await place(whole);
  await says('The supergraph was loaded anew.');
  expect(await ask(url, '{ who }')).toMatchObject({ data: { who: 'anonymous' } });

  await place(whole.slice(0, whole.length / 2));
  expect(await says('The supergraph stays as it was.')).toMatchObject({
    level: 'error',
    file,
    stack: expect.stringContaining('Syntax Error'),
  });
  expect(await ask(url, '{ who }')).toMatchObject({ data: { who: 'anonymous' } });

  await place(whole.replace(/^ +fails: .*\n/m, ''));
  await says('The supergraph was loaded anew.');
  expect(await ask(url, '{ who fails }')).toMatchObject({
    errors: [{ message: expect.stringMatching(/Cannot query field "fails"/) }],
  });

  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each([
  ['tells no facts', () => whole, 'Nothing is kept of a subgraph that tells no facts.'],
  [
    'is away',
    () => whole.replace(front.url, 'http://127.0.0.1:9/graphql'),
    'Facts of subgraphs do not arrive; it is tried again.',
  ],
])('a subgraph that %s does not keep it from starting', async (_what, sdl, sentence) => {
  await place(sdl());
  const child = start(file, { SERVICE_TOKEN: 'given out elsewhere' });
  const says = listen(child);
  await says(sentence);
  await says('The router is open.');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each<[string, () => string | null, RegExp]>([
  ['missing', () => null, /^.* cannot be read: name the right file by --supergraph or SUPERGRAPH_FILE\.\n$/],
  [
    'not a supergraph',
    () => 'type Query { who: String }',
    /^.* cannot be served: This is not a supergraph: .*\n$/,
  ],
  [
    'without addresses',
    () => whole.replace(front.url, ''),
    /^.* cannot be served: The subgraph catalogue has no address\.\n$/,
  ],
])('a file that is %s keeps it from starting, in a sentence', async (_what, sdl, sentence) => {
  const given = sdl();
  if (given !== null) await place(given);
  const child = start(given === null ? join(folder, 'nowhere') : file);
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toMatch(sentence);
  expect(code).toBe(1);
});
