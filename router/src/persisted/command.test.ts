import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { compose } from '../../../scripts/compose.ts';
import { createCatalogue } from '../shop-for-tests.ts';
import { hashOf } from './manifest.ts';

const command = fileURLToPath(new URL('command.ts', import.meta.url));
const page = 'query Page { items { name } }';
const who = 'query Who { who }';

let home: string;
let folder: string;
let supergraphSdl: string;

beforeAll(async () => {
  supergraphSdl = compose([createCatalogue().subgraph]).supergraphSdl ?? '';
  home = await mkdtemp(join(tmpdir(), 'operations-'));
});
afterAll(() => rm(home, { recursive: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(home, 'store-'));
  await writeFile(join(home, 'supergraph.graphql'), supergraphSdl);
});

type Outcome = { readonly code: number; readonly said: string; readonly complained: string };

const operations = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = {
      ...process.env,
      OPERATIONS_FOLDER: join(folder, 'published'),
      SUPERGRAPH_FILE: join(home, 'supergraph.graphql'),
    };
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', command, ...args],
      { env },
      (_error, said, complained) => resolve({ code: child.exitCode ?? -1, said, complained }),
    );
  });

const said = (...lines: string[]): Outcome => ({ code: 0, said: `${lines.join('\n')}\n`, complained: '' });
const complained = (...lines: string[]): Outcome => ({
  code: 1,
  said: '',
  complained: `${lines.join('\n')}\n`,
});

const manifest = async (...given: { body: string; id?: string }[]): Promise<string> => {
  const file = join(folder, 'operations.json');
  const entries = given.map(({ body, id = hashOf(body) }) => {
    const [type, name] = body.split(' ');
    return { id, name, type, body };
  });
  const format = { format: 'apollo-persisted-query-manifest', version: 1, operations: entries };
  await writeFile(file, JSON.stringify(format));
  return file;
};

test('publishes, lists, checks and retires', async () => {
  const file = await manifest({ body: page }, { body: who });
  const publish = ['publish', file, '--client', 'web@1.2.0'];
  expect(await operations(...publish)).toEqual(said('web@1.2.0: 2 operations published.'));
  expect(await operations(...publish)).toEqual(said('web@1.2.0 was published before.'));
  expect(await operations('list')).toEqual(
    said('web@1.2.0', `  ${hashOf(page)}  Page`, `  ${hashOf(who)}  Who`),
  );
  expect(await operations('check')).toEqual(said('All operations of 1 manifests fit the schema.'));
  expect(await operations('retire', 'web@1.2.0')).toEqual(said('web@1.2.0: retired.'));
  expect(await operations('list')).toEqual(said(`Nothing is published in ${join(folder, 'published')}.`));
  expect(await operations('retire', 'web@1.2.0')).toEqual(complained('web@1.2.0 is not published.'));
});

test('a field that was taken away is found out before the schema is released', async () => {
  await operations('publish', await manifest({ body: page }, { body: who }), '--client', 'web@1.2.0');
  await writeFile(join(home, 'supergraph.graphql'), supergraphSdl.replace(/^ +who: .*\n/m, ''));
  const problem = 'web@1.2.0 Who: Cannot query field "who" on type "Query".';
  expect(await operations('check')).toEqual(complained(problem));
  const again = await operations('publish', await manifest({ body: who }), '--client', 'web@1.3.0');
  expect(again).toEqual(complained('Nothing was published:', problem.replace('1.2.0', '1.3.0')));
  expect(await readdir(join(folder, 'published'))).toEqual(['web@1.2.0.json']);
});

test('what was published under a version stays as it is', async () => {
  const first = await manifest({ body: page });
  const kept = await readFile(first, 'utf8');
  await operations('publish', first, '--client', 'web@1.2.0');
  expect(await operations('publish', await manifest({ body: who }), '--client', 'web@1.2.0')).toEqual(
    complained(
      'web@1.2.0 was published with other operations: publish under a new version, or retire it first.',
    ),
  );
  expect(await readFile(join(folder, 'published', 'web@1.2.0.json'), 'utf8')).toBe(kept);
});

const wrongHash = '0'.repeat(64);
const deep = `query Deep { items ${'{ ...on Item '.repeat(200)}{ id }${' }'.repeat(200)} }`;

test.each<[string, () => Promise<string[]> | string[], RegExp]>([
  [
    'an id that is the hash of another text',
    async () => ['publish', await manifest({ body: page, id: wrongHash }), '--client', 'web@1'],
    /^The id of Page is not the SHA-256 of its text: 0{64}\.\n$/,
  ],
  [
    'an operation that no router would run',
    async () => ['publish', await manifest({ body: deep }), '--client', 'web@1'],
    /^Nothing was published:\nweb@1 Deep: /,
  ],
  [
    'a client without a version',
    async () => ['publish', await manifest({ body: page }), '--client', '../web'],
    /^"\.\.\/web" names no client: write it as name@version, such as web@1\.2\.0\.\n$/,
  ],
  ['a client that leads out of the folder', () => ['retire', '../web@1'], /names no client/],
  ['no client', async () => ['publish', await manifest({ body: page })], /^Publishes the operations/],
  ['a file that is not there', () => ['publish', '/nowhere.json', '--client', 'web@1'], /\/nowhere\.json/],
  [
    'a file that is no manifest',
    () => ['publish', command, '--client', 'web@1'],
    /^The manifest is not valid JSON\.\n$/,
  ],
  [
    'a command that nobody knows',
    () => ['destroy'],
    /^Publishes the operations.*npm run operations -- retire/s,
  ],
  ['an option that nobody knows', () => ['list', '--all'], /^Unknown option '--all'/],
  ['nothing', () => [], /^Publishes the operations/],
])('%s is refused in a sentence', async (_what, args, sentence) => {
  const outcome = await operations(...(await args()));
  expect(outcome).toMatchObject({ code: 1, said: '' });
  expect(outcome.complained).toMatch(sentence);
  expect(outcome.complained).not.toMatch(/^ +at /m);
  expect(await readdir(folder)).not.toContain('published');
});
