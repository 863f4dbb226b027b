import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { followStock } from './follow-stock.ts';
import type { StockChange } from './operations.ts';
import { openProductPage, type PageElement } from './product-page.ts';
import { createShopClient } from './shop-client.ts';
import { openShop, type Shop } from './shop-fixture.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const example = join(root, 'examples/product-page');
const run = promisify(execFile);

let scratch: string;
let shop: Shop;
const closers: (() => void)[] = [];

beforeAll(async () => {
  // A browser has one.
  vi.stubGlobal('WebSocket', WebSocket);
  scratch = await mkdtemp(join(tmpdir(), 'storegraph-product-page-'));
  const publish = ['publish', join(example, 'operations.json'), '--client', 'product-page@1.0.0'];
  await run(process.execPath, ['--import', 'tsx', 'router/src/persisted/command.ts', ...publish], {
    cwd: root,
    env: { ...process.env, OPERATIONS_FOLDER: join(scratch, 'operations') },
  });
  shop = await openShop(join(scratch, 'operations'));
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

afterAll(async () => {
  await shop?.stop();
  await rm(scratch, { recursive: true, force: true });
  vi.unstubAllGlobals();
});

/** A page is told within milliseconds; a machine may be busy. */
const soon = <Seen>(look: () => Seen) => expect.poll(look, { timeout: 20_000 });

type Element = PageElement & { readonly words: () => string[] };

/** As much of a browser's document as the page uses. */
const document = {
  createElement: (): Element => {
    let inside: readonly Element[] = [];
    const attributes: string[] = [];
    const made: Element = {
      textContent: null,
      setAttribute: (name, value) => void attributes.push(`${name}=${value}`),
      replaceChildren: (...children) => {
        made.textContent = null;
        // The page puts in what it had made here.
        inside = children as Element[];
      },
      words: () =>
        made.textContent === null
          ? [...attributes, ...inside.flatMap((one) => one.words())]
          : [made.textContent],
    };
    return made;
  },
};

const openPage = (slug: string) => {
  const place = document.createElement();
  const client = createShopClient(shop.url);
  closers.push(openProductPage(client, { document, place, slug, retryDelayMs: () => 10 }));
  return { words: place.words };
};

test('the manifest is what the source gives', async () => {
  const output = join(scratch, 'operations.json');
  const config = JSON.parse(await readFile(join(example, 'persisted-query-manifest.config.json'), 'utf8'));
  await writeFile(join(scratch, 'config.json'), JSON.stringify({ ...config, output }));
  const generate = join(root, 'node_modules/.bin/generate-persisted-query-manifest');
  await run(generate, ['--config', join(scratch, 'config.json')], { cwd: example });
  const [made, committed] = await Promise.all(
    [output, join(example, 'operations.json')].map(async (file) => JSON.parse(await readFile(file, 'utf8'))),
  );
  expect(committed, 'Run `npm run operations --workspace examples/product-page`.').toEqual(made);
});

test('shows the product, and its stock as it changes', async () => {
  const page = openPage('trail-boot');
  const boot = ['Trail <boot>', 'src=/media/boot.svg', 'alt=A boot.', 'Dry feet.'];
  await soon(page.words).toEqual([...boot, '41', 'in stock', '42', 'in stock']);
  const [small = ''] = shop.variantIds;
  await shop.adjust(small, -7);
  await soon(page.words).toEqual([...boot, '41', 'only 3 left', '42', 'in stock']);
  await shop.adjust(small, 7);
  await soon(page.words).toEqual([...boot, '41', 'in stock', '42', 'in stock']);
});

test('says so when there is no such product', async () => {
  const page = openPage('no-boot');
  await soon(page.words).toEqual(['There is no such product.']);
});

test('an operation of somebody’s own is refused', async () => {
  const response = await fetch(shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ products { totalCount } }' }),
  });
  expect(await response.json()).toMatchObject({
    errors: [{ extensions: { code: 'PERSISTED_OPERATION_REQUIRED' } }],
  });
});

test('goes on after a restart of the router, and shows what changed meanwhile', async () => {
  const page = openPage('trail-boot');
  await soon(page.words).toContain('in stock');
  const [, large = ''] = shop.variantIds;
  await shop.restartRouter(() => shop.adjust(large, -8));
  await soon(page.words).toContain('only 2 left');
  await shop.adjust(large, -2);
  await soon(page.words).toContain('sold out');
  await shop.adjust(large, 10);
  await soon(page.words).not.toContain('sold out');
});

test('is told each state once, over any number of lost lines', async () => {
  const { variantIds } = shop;
  const [small = '', large = ''] = variantIds;
  const told: [size: string, available: number][] = [];
  const changed = ({ variant, stock }: StockChange) =>
    void told.push([variant.id === small ? '41' : '42', stock.available]);
  const client = createShopClient(shop.url);
  closers.push(followStock(client, { variantIds, changed, retryDelayMs: () => 10 }));
  await expect
    .poll(() => [...told].sort())
    .toEqual([
      ['41', 10],
      ['42', 10],
    ]);
  told.length = 0;
  await shop.restartRouter(() => shop.adjust(large, -1));
  await soon(() => told).toEqual([['42', 9]]);
  await shop.restartRouter(async () => undefined);
  await shop.adjust(small, -1);
  await expect
    .poll(() => told)
    .toEqual([
      ['42', 9],
      ['41', 9],
    ]);
});
