import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Job, Word } from './coupon-process-fixture.ts';
import { openPromotions, type TestPromotions } from './promotion-fixture.ts';

/** Real processes over one database: the row lock and the CHECK decide how often a coupon is used. */

let shop: TestPromotions;
beforeAll(async () => {
  shop = await openPromotions();
});
afterAll(() => shop.stop());

const children = new Set<ChildProcess>();
afterEach(async () => {
  const ended = [...children].map(
    (child) => (child.exitCode ?? child.signalCode) === null && once(child, 'exit'),
  );
  for (const child of children) if (child.connected) child.disconnect();
  await Promise.all(ended);
  children.clear();
});

/** A process, with what it has said so far. */
const startProcess = async () => {
  const child = fork(new URL('./coupon-process-fixture.ts', import.meta.url), [shop.url], {
    execArgv: ['--import', 'tsx'],
  });
  children.add(child);
  const answers = new Map<string, string>();
  let listeners: ((word: Word) => void)[] = [];
  child.on('message', (word: Word) => {
    if (word.kind === 'answered') answers.set(word.checkoutId, word.outcome);
    for (const listener of listeners) listener(word);
  });
  const heard = (wanted: (word: Word) => boolean) =>
    new Promise<void>((resolve) => {
      const listener = (word: Word) => {
        if (!wanted(word)) return;
        listeners = listeners.filter((other) => other !== listener);
        resolve();
      };
      listeners.push(listener);
    });
  const work = async (job: Job) => {
    const done = heard(({ kind }) => kind === 'done');
    child.send(job);
    await done;
  };
  await heard(({ kind }) => kind === 'ready');
  return { child, answers, heard, work };
};

const checkouts = (count: number) => Array.from({ length: count }, () => randomUUID());
const outcomesOf = (processes: readonly { answers: ReadonlyMap<string, string> }[]) => {
  const outcomes = processes.flatMap(({ answers }) => [...answers.values()]);
  return {
    CouponsRedeemed: outcomes.filter((outcome) => outcome === 'CouponsRedeemed').length,
    CouponsRefused: outcomes.filter((outcome) => outcome === 'CouponsRefused').length,
  };
};
const usesOf = async (code: string) => {
  const [row] = await shop.db.execute(sql`select uses from coupons where code = ${code}`);
  return row?.['uses'];
};

test('1,000 buyers in four processes use a coupon with 100 uses: exactly 100 of them', async () => {
  const code = await shop.couponCode({ maxUses: 100 });
  const processes = await Promise.all([1, 2, 3, 4].map(startProcess));
  await Promise.all(processes.map(({ work }) => work({ kind: 'redeem', code, checkoutIds: checkouts(250) })));
  expect(outcomesOf(processes)).toEqual({ CouponsRedeemed: 100, CouponsRefused: 900 });
  expect(await usesOf(code)).toBe(100);
  expect(await shop.broken()).toEqual({});
});

test('checkouts that are used up and given up by two processes at once leave nothing used', async () => {
  const code = await shop.couponCode({ maxUses: 500 });
  const [buyer, quitter] = await Promise.all([startProcess(), startProcess()]);
  const checkoutIds = checkouts(200);
  await Promise.all([
    buyer.work({ kind: 'redeem', code, checkoutIds }),
    quitter.work({ kind: 'release', code, checkoutIds: [...checkoutIds].reverse() }),
  ]);
  expect(await usesOf(code)).toBe(0);
  expect(await shop.broken()).toEqual({});
});

test('a process killed in the middle leaves every use whole, and whoever asks again gets the answer', async () => {
  const code = await shop.couponCode({ maxUses: 150 });
  const checkoutIds = checkouts(300);
  const victim = await startProcess();
  const ended = once(victim.child, 'exit');
  let heard = 0;
  const enough = victim.heard(({ kind }) => kind === 'answered' && ++heard === 60);
  void victim.work({ kind: 'redeem', code, checkoutIds });
  await enough;
  victim.child.kill('SIGKILL');
  await ended;
  expect(await shop.broken()).toEqual({});

  const heir = await startProcess();
  await heir.work({ kind: 'redeem', code, checkoutIds });
  const broken = [...victim.answers].filter(([id, outcome]) => heir.answers.get(id) !== outcome);
  expect(broken).toEqual([]);
  expect(outcomesOf([heir])).toEqual({ CouponsRedeemed: 150, CouponsRefused: 150 });
  expect(await usesOf(code)).toBe(150);
  expect(await shop.broken()).toEqual({});
});
