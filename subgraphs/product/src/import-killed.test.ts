import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boots, type OpenImports, onceEach, openImports, writtenTo } from './import-fixture.ts';

const products = 3_000;

let catalogue: OpenImports;
beforeEach(async () => {
  catalogue = await openImports();
});
afterEach(() => catalogue.stop());

const startProcess = () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const nobody = JSON.stringify({ keys: [{ kid: 'nobody', kty: 'OKP' }] });
  const settings = { POSTGRES_URL: catalogue.url, PORT: '0', NODE_ENV: 'test', PUBLIC_KEYS: nobody };
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

test('a process killed in the midst of a file loses nothing and repeats nothing', async () => {
  const { db } = catalogue;
  const id = await catalogue.send(boots(products).join('\n'));
  const victim = startProcess();
  try {
    for await (const step of catalogue.steps(id)) if (step.productsWritten >= 500) break;
  } finally {
    await victim.kill();
  }
  const left = await catalogue.read(id);
  expect(left.status).toBe('RUNNING');
  expect(left.productsWritten).toBeLessThan(products);

  // The lease of the dead runs out.
  await db.execute(sql`update imports set leased_until = now()`);
  await catalogue.importer();
  expect(await catalogue.ended(id)).toEqual({
    status: 'FINISHED',
    rowsRead: products,
    productsWritten: products,
    productsRefused: 0,
    failure: null,
    errors: [],
  });
  expect(await writtenTo(db)).toEqual(onceEach(products));
});

test('an import that takes its process down each time is given up', async () => {
  const { db } = catalogue;
  const id = await catalogue.send(boots(1).join('\n'));
  await db.execute(sql`
    update imports set attempts = 8, lease_owner = gen_random_uuid(), leased_until = now()`);
  await catalogue.importer();
  expect(await catalogue.ended(id)).toMatchObject({
    status: 'FAILED',
    productsWritten: 0,
    failure: expect.stringMatching(/8 tries.*our side/),
  });
});
