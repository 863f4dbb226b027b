import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInProcessBus } from '@storegraph/events';
import { createKeys, mountSubgraph } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccount, openData, type TestData, until, unzip } from './data-fixture.ts';

/** A process of the account subgraph killed in the midst of an export, while it asks other processes over HTTP. */

const others = ['cart', 'inventory', 'pricing', 'product'];
let data: TestData;
let folder: string;
const asked: string[] = [];
let cartAsked: () => void = () => {};

/** The other subgraphs: all answer but the cart, which is asked and says nothing. */
const server = createServer((request, response) => {
  const name = request.url?.slice(1) ?? '';
  // Whose facts are asked for as well, which are none here.
  if (!others.includes(name)) {
    response.statusCode = 404;
    return void response.end();
  }
  asked.push(name);
  if (name === 'cart') return cartAsked();
  const personalData = { items: 1, content: JSON.stringify({ heldBy: name }) };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ data: { personalData } }));
});

beforeAll(async () => {
  data = await openData({ cart: { heldBy: 'cart' } }, { works: false });
  folder = await mkdtemp(join(tmpdir(), 'storegraph-killed-'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
  await data.stop();
});

const startProcess = async () => {
  const keysFile = join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify(await createKeys()));
  const { port } = server.address() as AddressInfo; // a server that listens on TCP has one
  const settings = {
    ...{ POSTGRES_URL: data.url, PORT: '0', NODE_ENV: 'test', KEYS_FILE: keysFile },
    ACCOUNT_SECRET: randomBytes(32).toString('base64url'),
    SUBGRAPH_URLS: others.map((name) => `${name}=http://127.0.0.1:${port}/${name}`).join(','),
  };
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

test('an export goes on where a killed process has left it', async () => {
  const viewer = await data.customer();
  const fields = '{ dataExports { status archive receipts { subgraph } } }';
  const latest = async () => (await data.me(viewer, fields)).dataExports[0];
  await data.change(viewer, 'dataExportRequest');
  const isAsked = new Promise<void>((resolve) => {
    cartAsked = resolve;
  });
  const victim = await startProcess();
  try {
    await isAsked;
    await until(latest, ({ receipts }) => receipts.length === 3);
  } finally {
    await victim.kill();
  }
  expect(asked.sort()).toEqual(others);
  expect(await latest()).toMatchObject({
    status: 'RUNNING',
    receipts: [{ subgraph: 'inventory' }, { subgraph: 'pricing' }, { subgraph: 'product' }],
  });

  // The lease of the dead runs out.
  await data.db.execute(sql`update data_jobs set lease_until = now()`);
  const create = await createAccount();
  const heir = mountSubgraph(
    await create({ postgresUrl: data.url, bus: createInProcessBus(), ask: data.others.ask }),
  );
  await heir.start();
  const job = await until(latest, ({ status }) => status === 'FINISHED');
  await heir.stop();
  expect(data.others.asked).toEqual(['cart']);
  const files = unzip(Buffer.from(job.archive, 'base64'));
  for (const name of others) expect(JSON.parse(files[`${name}.json`] ?? '')).toEqual({ heldBy: name });
  expect(await data.broken()).toEqual([]);
});
