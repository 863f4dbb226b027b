import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, signToken } from '@storegraph/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { readKeys } from './keys.ts';
import { type Shop, startShop } from './shop.ts';

/** The start page in a real browser, where there is one: `CHROMIUM_PATH=/usr/bin/chromium npm test`. */
const chromium = process.env['CHROMIUM_PATH'] ?? '';

const quiet = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--remote-debugging-port=0'],
];

let folder = '';
let shop: Shop;
let browser: ChildProcess;
let tab: Awaited<ReturnType<typeof openTab>>;

/** A tab driven by the DevTools protocol; `evaluate` answers the value of an expression in the page. */
const openTab = async (port: string) => {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? '');
  await once(socket, 'open');
  const waiting = new Map<number, (message: { result: unknown }) => void>();
  const problems: unknown[] = [];
  socket.on('message', (text) => {
    const message = JSON.parse(String(text));
    waiting.get(message.id)?.(message);
    if (message.method === 'Runtime.exceptionThrown') problems.push(message.params.exceptionDetails.text);
    if (message.method === 'Log.entryAdded' && message.params.entry.level === 'error')
      problems.push(message.params.entry);
  });
  let lastId = 0;
  const send = (method: string, params: object = {}) => {
    lastId += 1;
    const answer = new Promise<{ result: unknown }>((resolve) => waiting.set(lastId, resolve));
    socket.send(JSON.stringify({ id: lastId, method, params }));
    return answer;
  };
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`);
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result } = await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    return (result as { result: { value?: unknown } }).result.value; // as the protocol defines it
  };
  /** Waits in the page until an expression is true. */
  const until = (expression: string) =>
    evaluate(`new Promise((resolve) => {
      const check = () => (${expression}) ? resolve(true) : requestAnimationFrame(check);
      check();
    })`);
  return { send, evaluate, until, problems, close: () => socket.close() };
};

describe.runIf(chromium !== '')('the start page', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'storegraph-page-'));
    shop = await startShop({ folder: join(folder, 'home'), port: 0, products: 50, log: createLog(() => {}) });
    browser = spawn(chromium, [...quiet, `--user-data-dir=${join(folder, 'profile')}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const port = await new Promise<string>((resolve) => {
      let output = '';
      browser.stderr?.on('data', (text) => {
        output += text;
        const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
        if (found) resolve(found);
      });
    });
    tab = await openTab(port);
    await tab.send('Page.navigate', { url: shop.url });
    await tab.until(
      `document.querySelectorAll('.card').length > 0 && document.querySelector('#state').dataset.is === 'live'`,
    );
  });
  afterAll(async () => {
    tab.close();
    browser.kill();
    await once(browser, 'exit');
    await shop.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('shows products with their pictures and stock, and nothing goes wrong meanwhile', async () => {
    expect(await tab.evaluate(`document.querySelectorAll('.card').length`)).toBe(12);
    await tab.until(
      `[...document.querySelectorAll('.card img')].slice(0, 6).every((picture) => picture.naturalWidth > 0)`,
    );
    expect(
      await tab.evaluate(
        `[...document.querySelectorAll('.stock')].every((stock) => stock.textContent !== '')`,
      ),
    ).toBe(true);
    expect(tab.problems).toEqual([]);
  });

  it('shows a change of stock without being asked again', async () => {
    const keys = await readKeys(join(folder, 'home'));
    const token = keys && (await signToken(keys, { subject: 'test', role: 'warehouse' }));
    const first = `[...document.querySelectorAll('.card li')].find((row) => Number.parseInt(row.querySelector('.stock').textContent) >= 2)`;
    await tab.evaluate(
      `window.row = ${first}; window.before = Number.parseInt(row.querySelector('.stock').textContent); true`,
    );
    await tab.evaluate(`
      document.querySelector('#token').value = '${token}';
      document.querySelector('#token').dispatchEvent(new Event('input'));
      row.querySelector('button').click()`);
    expect(
      await tab.until(`Number.parseInt(row.querySelector('.stock').textContent || '0') === before - 1`),
    ).toBe(true);
  });

  it('runs an operation and speaks German', async () => {
    await tab.evaluate(`document.querySelector('#run').click()`);
    expect(await tab.until(`document.querySelector('#result').value.includes('"totalCount"')`)).toBe(true);
    await tab.evaluate(`
      window.english = document.querySelector('.card h3').textContent;
      document.querySelector('#locale').value = 'de';
      document.querySelector('#locale').dispatchEvent(new Event('change'))`);
    expect(await tab.until(`(document.querySelector('.card h3')?.textContent ?? english) !== english`)).toBe(
      true,
    );
    expect(tab.problems).toEqual([]);
  });

  it('fits a phone', async () => {
    await tab.send('Emulation.setDeviceMetricsOverride', {
      width: 360,
      height: 740,
      deviceScaleFactor: 1,
      mobile: true,
    });
    expect(await tab.until('document.documentElement.clientWidth === 360')).toBe(true);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('hands its operation on to GraphiQL, which runs it', async () => {
    const url = await tab.evaluate(`
      document.querySelector('#query').value = '{ products(first: 1) { totalCount } }';
      document.querySelector('#graphiql').addEventListener('click', (event) => event.preventDefault());
      document.querySelector('#graphiql').click();
      document.querySelector('#graphiql').href`);
    await tab.send('Page.navigate', { url });
    const button = '.graphiql-execute-button';
    expect(await tab.until(`document.querySelector('${button}') !== null`)).toBe(true);
    await tab.evaluate(`document.querySelector('${button}').click()`);
    const answer = `document.querySelector('.result-window')?.textContent`;
    expect(await tab.until(`${answer}?.includes('"totalCount"')`)).toBe(true);
    expect(tab.problems).toEqual([]);
  });
});
