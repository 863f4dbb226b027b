import { anonymous, type Viewer } from '@storegraph/server';
import { expect, test } from 'vitest';
import type { Caller } from '../front/head.ts';
import { createRates, type Rate } from './rates.ts';

const caller = (about: Partial<Caller> = {}): Caller => ({
  ...{ token: undefined, viewer: anonymous, requestId: 'r', deadlineAt: 0, expiresAt: 0 },
  ...{ client: null, address: '10.0.0.1' },
  ...about,
});
const staff = (id: string): Viewer => ({ kind: 'staff', id, scopes: new Set() });
const service: Viewer = { kind: 'service', id: 'order', scopes: new Set() };

const countAll = async (rate: Rate, callers: readonly Caller[], name: string | null = null) => {
  const rates = createRates([rate]);
  const refusals = [];
  for (const one of callers) refusals.push((await rates.count(one, name)) !== null);
  return refusals;
};

test('the operation after the last one allowed is refused, with when to come again', async () => {
  const rates = createRates([{ per: 'address', operations: 2, seconds: 60 }]);
  expect(await rates.count(caller(), null)).toBeNull();
  expect(await rates.count(caller(), null)).toBeNull();
  const refusal = await rates.count(caller(), null);
  expect(refusal).toMatchObject({ refusedWith: 429, headers: { 'retry-after': '60' } });
  expect(JSON.parse(refusal?.body ?? '').errors[0].extensions).toEqual({
    ...{ code: 'RATE_LIMITED', limit: 'rate per address', allowed: 2, retryAfterSeconds: 60 },
  });
});

test('strangers are counted by their address, those who are known by who they are', async () => {
  const perAddress: Rate = { per: 'address', operations: 1, seconds: 60 };
  const other = caller({ address: '10.0.0.2' });
  expect(await countAll(perAddress, [caller(), other, caller()])).toEqual([false, false, true]);
  expect(
    await countAll(perAddress, [caller({ viewer: staff('a') }), caller({ viewer: staff('a') })]),
  ).toEqual([false, false]);
  const perViewer: Rate = { per: 'viewer', operations: 1, seconds: 60 };
  const known = [
    caller({ viewer: staff('a') }),
    caller({ viewer: staff('b') }),
    caller({ viewer: staff('a'), address: '::1' }),
  ];
  expect(await countAll(perViewer, known)).toEqual([false, false, true]);
});

test('guests are counted as strangers: a new one costs nothing', async () => {
  const guest = (id: string, address: string) =>
    caller({ viewer: { kind: 'guest', id, scopes: new Set() }, address });
  const perAddress: Rate = { per: 'address', operations: 1, seconds: 60 };
  const guests = [guest('a', '10.0.0.1'), guest('a', '10.0.0.2'), guest('b', '10.0.0.1')];
  expect(await countAll(perAddress, guests)).toEqual([false, false, true]);
  expect(await countAll({ ...perAddress, per: 'viewer' }, guests)).toEqual([false, false, false]);
  expect(await countAll({ ...perAddress, per: 'operation' }, guests, 'Search')).toEqual([false, false, true]);
});

test('our own services are not counted', async () => {
  const callers = [caller({ viewer: service }), caller({ viewer: service })];
  expect(await countAll({ per: 'viewer', operations: 1, seconds: 60 }, callers)).toEqual([false, false]);
});

test('clients and operations can have rates of their own', async () => {
  const web = caller({ client: { name: 'web', version: '1' } });
  const app = caller({ client: { name: 'app', version: '1' } });
  expect(await countAll({ per: 'client', operations: 1, seconds: 60 }, [web, app, web])).toEqual([
    false,
    false,
    true,
  ]);
  const perOperation: Rate = { per: 'operation', operations: 1, seconds: 60 };
  expect(await countAll(perOperation, [web, web], 'Login')).toEqual([false, true]);
  expect(await countAll(perOperation, [web, web])).toEqual([false, false]);
});
