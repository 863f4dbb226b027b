import { connect } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import type { Word } from '@storegraph/testing';
import { createInventory } from './service.ts';
import { openStockPath } from './stock-service.ts';
import { openWarehouses } from './warehouse-service.ts';

/**
 * A process of its own that buys or sweeps for a test: `URL`, then jobs by message. It says each reservation as
 * soon as it was answered, because the test may kill it at any time.
 */
export type Job =
  | { readonly kind: 'buy'; readonly variantId: string; readonly keys: readonly string[] }
  | { readonly kind: 'sweep' };

const [url = ''] = process.argv.slice(2);
const viewer: Viewer = { kind: 'service', id: 'buyers', scopes: new Set() };
const db = connect({ url, schema: 'inventory', name: 'stock process', statementConnections: 2 });
const stock = openStockPath(db);
const { reservations } = createInventory({ db, stock, warehouses: await openWarehouses(db) });
const say = (word: Word) => process.send?.(word);

const buy = async (variantId: string, key: string) => {
  const input = { idempotencyKey: key, lines: [{ variantId, quantity: 1 }], holdSeconds: 900 };
  say({ kind: 'answered', key, outcome: (await reservations.reserve(viewer, input)).__typename });
};

process.on('message', async (job: Job) => {
  if (job.kind === 'buy') await Promise.all(job.keys.map((key) => buy(job.variantId, key)));
  else await stock.sweep();
  say({ kind: 'done' });
});
process.on('disconnect', async () => {
  await db.close();
});
say({ kind: 'ready' });
