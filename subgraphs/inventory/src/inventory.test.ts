import { randomUUID } from 'node:crypto';
import { key } from '@storegraph/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, openInventory, type TestInventory } from './inventory-fixture.ts';

let shop: TestInventory;
beforeAll(async () => {
  shop = await openInventory();
});
afterAll(async () => {
  expect(await shop.broken()).toEqual({});
  await shop.stop();
});

const stockOf = async (variantId: string, region?: string): Promise<Answer> => {
  const query = `query ($of: [_Any!]!, $region: Region) { _entities(representations: $of) { ... on ProductVariant {
    stock(region: $region) { status available backorderable policy lowStockThreshold preorderUntil
      byWarehouse { onHand reserved sold available version warehouse { id } } } } } }`;
  const of = [{ __typename: 'ProductVariant', id: variantId }];
  return (await shop.ask(query, { of, region }))._entities[0].stock;
};

describe('stockReserve', () => {
  test('holds all lines or none, and says what could have been had', async () => {
    const here = await shop.warehouse();
    const [many, few] = [await shop.stocked(here, 10), await shop.stocked(here, 2)];
    const refused = await shop.reserve([
      [many.id, 3],
      [few.id, 3],
    ]);
    expect(refused).toMatchObject({
      __typename: 'OutOfStock',
      lines: [{ variantId: few.id, requested: 3, available: 2 }],
    });
    expect(await stockOf(many.id)).toMatchObject({ available: 10 });

    const held = await shop.reserve([
      [many.id, 3],
      [few.id, 2],
    ]);
    expect(held.reservation).toMatchObject({
      status: 'HELD',
      lines: [
        { variant: { id: many.id }, quantity: 3 },
        { variant: { id: few.id }, quantity: 2 },
      ],
    });
    expect(await stockOf(few.id)).toMatchObject({ status: 'OUT_OF_STOCK', available: 0 });
  });

  test('adds up lines of one variant', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 3);
    expect(
      await shop.reserve([
        [id, 2],
        [id, 2],
      ]),
    ).toMatchObject({
      __typename: 'OutOfStock',
      lines: [{ requested: 4, available: 3 }],
    });
    expect(
      (
        await shop.reserve([
          [id, 2],
          [id, 1],
        ])
      ).reservation.lines,
    ).toMatchObject([{ quantity: 3 }]);
  });

  test('takes a cart from one warehouse where one has it all, and from few where none has', async () => {
    const near = await shop.warehouse({ region: 'AT', servesRegions: ['AT'], priority: 900 });
    const far = await shop.warehouse({ region: 'PL', servesRegions: ['AT', 'PL'], priority: 1 });
    const [a, b] = [await shop.stocked(near, 5), await shop.stocked(near, 1)];
    await shop.adjust(a.id, far, 5);
    await shop.adjust(b.id, far, 5);
    const placesOf = ({ reservation }: Answer) => reservation.lines.map((line: Answer) => line.quantity);
    const warehousesOf = async ({ reservation }: Answer) =>
      new Set(reservation.lines.map((line: Answer) => line.warehouse.code)).size;

    const wanted = { region: 'AT' };
    const fromNear = await shop.reserve(
      [
        [a.id, 1],
        [b.id, 1],
      ],
      wanted,
    );
    expect(await warehousesOf(fromNear)).toBe(1);
    expect(
      (await stockOf(b.id, 'AT')).byWarehouse.find((shelf: Answer) => shelf.warehouse.id === near),
    ).toMatchObject({ available: 0 });
    const fromFar = await shop.reserve(
      [
        [a.id, 1],
        [b.id, 1],
      ],
      wanted,
    );
    expect(await warehousesOf(fromFar)).toBe(1);
    const fromBoth = await shop.reserve([[a.id, 8]], wanted);
    expect(placesOf(fromBoth)).toEqual([4, 4]);
    expect(await shop.reserve([[b.id, 1]], { region: 'CH' })).toMatchObject({
      __typename: 'OutOfStock',
      lines: [{ available: 0 }],
    });
  });

  test('takes real stock before it promises any, up to the bound', async () => {
    const here = await shop.warehouse({ region: 'FI', servesRegions: ['FI'], priority: 0 });
    const { id } = await shop.stocked(here, 2);
    await shop.change('stockPolicySet', { variantId: id, kind: 'BACKORDER', limit: 3 });
    expect(await stockOf(id, 'FI')).toMatchObject({ status: 'IN_STOCK', available: 2, backorderable: 3 });
    expect((await shop.reserve([[id, 4]], { region: 'FI' })).reservation.lines).toMatchObject([
      { quantity: 4 },
    ]);
    expect(await stockOf(id, 'FI')).toMatchObject({ status: 'BACKORDER', available: 0, backorderable: 1 });
    expect(await shop.reserve([[id, 2]], { region: 'FI' })).toMatchObject({ lines: [{ available: 1 }] });
    expect(await shop.reserve([[id, 1]], { region: 'FI' })).toMatchObject({ __typename: 'StockReserved' });
    const tight = { variantId: id, kind: 'BACKORDER', limit: 2 };
    expect(await shop.change('stockPolicySet', tight)).toMatchObject({
      __typename: 'StockPolicyTooTight',
      promised: 3,
    });
  });

  test('counts a preorder bound only until its date', async () => {
    const here = await shop.warehouse({ region: 'NO', servesRegions: ['NO'], priority: 0 });
    const { id } = await shop.stocked(here, 1);
    const preorderUntil = new Date(Date.now() + 3_600_000).toISOString();
    await shop.change('stockPolicySet', { variantId: id, kind: 'PREORDER', limit: 5, preorderUntil });
    expect(await shop.reserve([[id, 3]], { region: 'NO' })).toMatchObject({ __typename: 'StockReserved' });
    expect(await stockOf(id, 'NO')).toMatchObject({ status: 'PREORDER', backorderable: 3, preorderUntil });
    await shop.passPreorders(id);
    expect(await shop.reserve([[id, 1]], { region: 'NO' })).toMatchObject({ lines: [{ available: 0 }] });
    expect(await stockOf(id, 'NO')).toMatchObject({ status: 'OUT_OF_STOCK', backorderable: 0 });
  });

  test('answers a repeat alike, forever and whatever has happened since; another input is a conflict', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 5);
    const cart = { idempotencyKey: key(), lines: [{ variantId: id, quantity: 5 }] };
    const first = await shop.run('stockReserve', cart);
    const { reservation } = first.data.stockReserve;
    await shop.change('reservationRelease', { reservationId: reservation.id });
    const again = await shop.run('stockReserve', cart);
    expect(again.data.stockReserve.reservation).toMatchObject({ id: reservation.id, status: 'RELEASED' });
    expect([first.extensions['idempotency'], again.extensions['idempotency']]).toEqual([
      undefined,
      { replayed: ['stockReserve'] },
    ]);
    const other = { ...cart, lines: [{ variantId: id, quantity: 1 }] };
    expect(await shop.change('stockReserve', other)).toMatchObject({ __typename: 'IdempotencyConflict' });

    const tooMany = { idempotencyKey: key(), lines: [{ variantId: id, quantity: 6 }] };
    expect(await shop.change('stockReserve', tooMany)).toMatchObject({ __typename: 'OutOfStock' });
    await shop.adjust(id, here, 1);
    expect(await shop.change('stockReserve', tooMany)).toMatchObject({ lines: [{ available: 5 }] });
  });

  test('holds once when one key is sent many times at once', async () => {
    const here = await shop.warehouse();
    const { id } = await shop.stocked(here, 100);
    const cart = { idempotencyKey: key(), lines: [{ variantId: id, quantity: 1 }] };
    const answers = await Promise.all(Array.from({ length: 40 }, () => shop.change('stockReserve', cart)));
    expect(new Set(answers.map(({ reservation }) => reservation.id)).size).toBe(1);
    expect(await stockOf(id)).toMatchObject({ available: 99 });
  });

  test('knows only variants the catalogue has, and not those it took out', async () => {
    const here = await shop.warehouse();
    const { id, sku } = await shop.stocked(here, 5);
    const unknown = randomUUID();
    expect(
      await shop.reserve([
        [id, 1],
        [unknown, 1],
      ]),
    ).toMatchObject({
      __typename: 'VariantNotFound',
      variantId: unknown,
    });
    expect(await shop.reserve([['not an id', 1]])).toMatchObject({ variantId: 'not an id' });
    const [nowhere] = await shop.variants();
    expect(await shop.reserve([[nowhere?.id ?? '', 1]])).toMatchObject({ lines: [{ available: 0 }] });
    const data = { variantId: id, productId: randomUUID(), sku };
    await shop.catalogue.publish([{ type: 'product.variant_removed', aggregateId: id, data }]);
    await shop.told();
    expect(await shop.reserve([[id, 1]])).toMatchObject({ __typename: 'VariantNotFound', variantId: id });
  });

  test('takes nothing from a warehouse that is closed', async () => {
    const code = `C${randomUUID().slice(0, 8).toUpperCase()}`;
    const fields = { code, name: code, region: 'SE', servesRegions: ['SE'] };
    const { warehouse } = await shop.change('warehouseSave', fields);
    const { id } = await shop.stocked(warehouse.id, 5);
    await shop.change('warehouseSave', { ...fields, isActive: false });
    expect(await shop.reserve([[id, 1]], { region: 'SE' })).toMatchObject({ lines: [{ available: 0 }] });
    expect(await stockOf(id, 'SE')).toMatchObject({ available: 0, byWarehouse: [{ onHand: 5 }] });
  });
});

describe('a reservation', () => {
  const held = async (pieces = 3) => {
    const here = await shop.warehouse();
    const variant = await shop.stocked(here, 10);
    const { reservation } = await shop.reserve([[variant.id, pieces]]);
    return { id: reservation.id as string, variant, here };
  };
  const shelfOf = async (variantId: string) => (await stockOf(variantId)).byWarehouse[0];

  test('is sold, shipped and gone, and each step may be repeated', async () => {
    const { id, variant } = await held();
    const facts = await shop.factsOf(async () => {
      for (const step of ['Confirm', 'Confirm', 'Ship', 'Ship', 'Confirm']) {
        await shop.change(`reservation${step}`, { reservationId: id });
      }
    });
    expect(await shelfOf(variant.id)).toMatchObject({ onHand: 7, reserved: 0, sold: 0, available: 7 });
    expect(facts.map(({ type }) => type)).toEqual([
      'inventory.stock_changed',
      'inventory.reservation_confirmed',
      'inventory.stock_changed',
      'inventory.reservation_shipped',
    ]);
    const { stockMovements } = await shop.ask(
      'query ($id: ID!) { stockMovements(variantId: $id, first: 1) { nodes { delta reason reference actor } } }',
      { id: variant.id },
    );
    expect(stockMovements.nodes).toEqual([
      { delta: -3, reason: 'SHIPPED', reference: id, actor: 'staff:tester' },
    ]);
    expect(await shop.change('reservationRelease', { reservationId: id })).toMatchObject({
      __typename: 'ReservationStateRefused',
      reservation: { id, status: 'SHIPPED' },
    });
  });

  test('gives its pieces back when it is released, held or sold', async () => {
    const { id, variant } = await held();
    await shop.change('reservationConfirm', { reservationId: id });
    expect(await shelfOf(variant.id)).toMatchObject({ reserved: 0, sold: 3 });
    const released = await shop.change('reservationRelease', { reservationId: id });
    expect(released).toMatchObject({
      __typename: 'ReservationReleased',
      reservation: { status: 'RELEASED' },
    });
    expect(await shelfOf(variant.id)).toMatchObject({ reserved: 0, sold: 0, available: 10 });
    for (const step of ['Confirm', 'Extend', 'Ship']) {
      const more = step === 'Extend' ? { holdSeconds: 60 } : {};
      expect(await shop.change(`reservation${step}`, { reservationId: id, ...more })).toMatchObject({
        __typename: 'ReservationStateRefused',
        reservation: { status: 'RELEASED' },
      });
    }
    expect(await shop.change('reservationRelease', { reservationId: id })).toMatchObject({
      __typename: 'ReservationReleased',
    });
  });

  test('expires, reads as expired at once, and is taken again by confirming while the stock is there', async () => {
    const { id, variant } = await held();
    await shop.age(id);
    const { reservation } = await shop.ask('query ($id: ID!) { reservation(id: $id) { status } }', { id });
    expect(reservation).toEqual({ status: 'EXPIRED' });
    expect(await shop.change('reservationExtend', { reservationId: id, holdSeconds: 60 })).toMatchObject({
      __typename: 'ReservationStateRefused',
    });
    await shop.sweep();
    expect(await shelfOf(variant.id)).toMatchObject({ available: 10 });
    const confirmed = await shop.change('reservationConfirm', { reservationId: id });
    expect(confirmed).toMatchObject({ reservation: { id, status: 'CONFIRMED' } });
    expect(await shelfOf(variant.id)).toMatchObject({ reserved: 0, sold: 3, available: 7 });
  });

  test('that expired is out of stock when its pieces are gone, and a repeat says so too', async () => {
    const { id, variant, here } = await held();
    await shop.age(id);
    await shop.sweep();
    await shop.adjust(variant.id, here, -8);
    const confirm = { idempotencyKey: key(), reservationId: id };
    const refused = {
      __typename: 'OutOfStock',
      lines: [{ variantId: variant.id, requested: 3, available: 2 }],
    };
    expect(await shop.change('reservationConfirm', confirm)).toMatchObject(refused);
    await shop.adjust(variant.id, here, 8);
    expect(await shop.change('reservationConfirm', confirm)).toMatchObject(refused);
    expect(await shop.change('reservationConfirm', { reservationId: id })).toMatchObject({
      __typename: 'ReservationConfirmed',
    });
  });

  test('that was released after it expired is not taken again', async () => {
    const { id } = await held();
    await shop.age(id);
    await shop.sweep();
    await shop.change('reservationRelease', { reservationId: id });
    expect(await shop.change('reservationConfirm', { reservationId: id })).toMatchObject({
      __typename: 'ReservationStateRefused',
    });
  });

  test('is held longer, never shorter', async () => {
    const { id } = await held();
    const until = async (holdSeconds: number): Promise<number> => {
      await shop.change('reservationExtend', { reservationId: id, holdSeconds });
      const { reservation } = await shop.ask('query ($id: ID!) { reservation(id: $id) { expiresAt } }', {
        id,
      });
      return Date.parse(reservation.expiresAt);
    };
    const long = await until(86_400);
    expect(long).toBeGreaterThan(Date.now() + 86_000_000);
    expect(await until(1)).toBe(long);
  });

  test('with promised pieces ships only when they have come', async () => {
    const here = await shop.warehouse({ region: 'IS', servesRegions: ['IS'], priority: 0 });
    const { id } = await shop.stocked(here, 1);
    await shop.change('stockPolicySet', { variantId: id, kind: 'BACKORDER', limit: 9 });
    const sold: string[] = [];
    for (const pieces of [3, 2, 1]) {
      const { reservation } = await shop.reserve([[id, pieces]], { region: 'IS' });
      await shop.change('reservationConfirm', { reservationId: reservation.id });
      sold.push(reservation.id);
    }
    const ship = () =>
      Promise.all(sold.map((reservationId) => shop.change('reservationShip', { reservationId })));
    expect((await ship()).map(({ __typename }) => __typename)).toEqual([
      'StockCommitted',
      'StockCommitted',
      'ReservationShipped',
    ]);
    await shop.adjust(id, here, 3);
    expect((await ship()).map(({ __typename, available }) => [__typename, available])).toEqual([
      ['ReservationShipped', undefined],
      ['StockCommitted', 0],
      ['ReservationShipped', undefined],
    ]);
  });

  test('that nobody made is not found, and one key stands for one reservation', async () => {
    const [first, second] = [await held(), await held()];
    const missing = randomUUID();
    for (const reservationId of [missing, 'no id']) {
      for (const step of ['Confirm', 'Release', 'Ship']) {
        expect(await shop.change(`reservation${step}`, { reservationId })).toMatchObject({
          __typename: 'ReservationNotFound',
          reservationId,
        });
      }
    }
    const idempotencyKey = key();
    const at = (reservationId: string) =>
      shop.change('reservationConfirm', { idempotencyKey, reservationId });
    const answers = await Promise.all([at(first.id), at(second.id), at(first.id)]);
    expect(answers.map(({ __typename }) => __typename)).toEqual([
      'ReservationConfirmed',
      'IdempotencyConflict',
      'ReservationConfirmed',
    ]);
  });
});
