import { CurrencyMismatchError, money } from '@storegraph/money';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Quote, quote } from './quote-domain.ts';
import { cart, carts, price, promotion } from './quote-fixture.ts';
import { type QuoteKey, readToken, tokenOf } from './quote-token-domain.ts';

/** What must hold of every quote, whatever lies in the cart and whatever the shop promises. */

const minor = (amounts: readonly { amountMinor: number }[]): number =>
  amounts.reduce((units, { amountMinor }) => units + amountMinor, 0);
/** What adjustments take off, as a number from 0 on. */
const takenBy = (adjustments: Quote['adjustments']) => 0 - minor(adjustments.map(({ amount }) => amount));
const discounts = (adjustments: Quote['adjustments']) =>
  adjustments.filter(({ code }) => code !== 'TAX_EXEMPTION');
const key: QuoteKey = { id: 'k1', secret: Buffer.alloc(32, 7) };

describe('any quote', () => {
  it('is the same in whatever order the lines lie, but for their order', () => {
    fc.assert(
      fc.property(
        carts.chain((input) =>
          fc.tuple(
            fc.constant(input),
            fc.shuffledSubarray([...input.lines], { minLength: input.lines.length }),
            fc.shuffledSubarray([...input.promotions], { minLength: input.promotions.length }),
          ),
        ),
        ([input, lines, promotions]) => {
          const inOrder = (said: Quote) => ({
            ...said,
            lines: [...said.lines].sort((a, b) => (a.lineId < b.lineId ? -1 : 1)),
          });
          const shuffled = quote({ ...input, lines, promotions });
          expect(inOrder(shuffled)).toEqual(inOrder(quote(input)));
          expect(shuffled.lines.map(({ lineId }) => lineId)).toEqual(lines.map(({ id }) => id));
        },
      ),
    );
  });

  it('takes no line, no shipping and no total below zero', () => {
    fc.assert(
      fc.property(carts, (input) => {
        const { lines, total, tax, shipping, discount } = quote(input);
        const amounts = lines.flatMap((line) => [line.total, line.discount, line.tax.amount]);
        for (const { amountMinor } of [total, tax, shipping, discount, ...amounts])
          expect(amountMinor).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('sums to the unit: lines to the quote, adjustments to the discount, taxes to the tax', () => {
    fc.assert(
      fc.property(carts, (input) => {
        const said = quote(input);
        const { lines, adjustments, taxes } = said;
        expect(minor(lines.map(({ subtotal }) => subtotal))).toBe(said.subtotal.amountMinor);
        expect(takenBy(discounts(adjustments))).toBe(said.discount.amountMinor);
        expect(minor(taxes.map(({ amount }) => amount))).toBe(said.tax.amountMinor);
        for (const line of lines) {
          expect(takenBy(discounts(line.adjustments))).toBe(line.discount.amountMinor);
          expect(minor(line.tax.parts.map(({ amount }) => amount))).toBe(line.tax.amount.amountMinor);
          const onTop = line.tax.includesTax ? 0 : line.tax.amount.amountMinor;
          expect(line.total.amountMinor).toBe(line.subtotal.amountMinor - takenBy(line.adjustments) + onTop);
        }
        const shippingTax = said.tax.amountMinor - minor(lines.map(({ tax }) => tax.amount));
        const onTop =
          minor(lines.flatMap(({ tax }) => (tax.includesTax ? [] : [tax.amount]))) +
          (input.shipping?.includesTax ? 0 : shippingTax);
        expect(said.total.amountMinor).toBe(
          said.subtotal.amountMinor + said.shipping.amountMinor - takenBy(adjustments) + onTop,
        );
      }),
    );
  });

  it('splits each promotion over lines and shipping without losing a unit', () => {
    fc.assert(
      fc.property(carts, (input) => {
        const { lines, adjustments, shipping } = quote(input);
        for (const { promotionId, amount } of discounts(adjustments)) {
          const parts = lines.flatMap((line) =>
            line.adjustments.filter((part) => part.promotionId === promotionId),
          );
          const offShipping = -amount.amountMinor - takenBy(parts);
          expect(offShipping).toBeGreaterThanOrEqual(0);
          expect(offShipping).toBeLessThanOrEqual(shipping.amountMinor);
        }
      }),
    );
  });

  it('is identical when it is made again, to the last character of its token', () => {
    fc.assert(
      fc.property(carts, (input) => {
        expect(tokenOf(quote(input), key)).toBe(tokenOf(quote(structuredClone(input)), key));
      }),
    );
  });

  it('charges nobody more than the cart without promotions', () => {
    fc.assert(
      fc.property(carts, (input) => {
        const plain = quote({ ...input, promotions: [] });
        expect(quote(input).total.amountMinor).toBeLessThanOrEqual(plain.total.amountMinor);
      }),
    );
  });

  it('spends no point that is not there, and none beyond what was asked for', () => {
    fc.assert(
      fc.property(carts, (input) => {
        const { balance, toUse } = input.buyer.points;
        expect(quote(input).pointsSpent).toBeLessThanOrEqual(Math.min(balance, toUse));
      }),
    );
  });

  it('never mixes currencies: a price in another one stops it', () => {
    const input = cart([['a', 1, 100]]);
    const prices = new Map([['a', price(1, { unit: money(1, 'USD') })]]);
    expect(() => quote({ ...input, prices })).toThrow(CurrencyMismatchError);
  });

  it('ends with whatever it rests on', () => {
    const input = cart([['a', 1, 100]]);
    const inMinutes = (count: number) => new Date(input.at.getTime() + count * 60_000);
    expect(quote(input).expiresAt).toEqual(inMinutes(15));
    const prices = new Map([['a', price(100, { until: inMinutes(9) })]]);
    expect(quote({ ...input, prices }).expiresAt).toEqual(inMinutes(9));
    const promotions = [promotion({ kind: 'FREE_SHIPPING' }, { endsAt: inMinutes(3) })];
    expect(quote({ ...input, prices, promotions }).expiresAt).toEqual(inMinutes(3));
  });
});

describe('a token', () => {
  const said = quote(cart([['a', 2, 150]]));
  const token = tokenOf(said, key);

  it('tells what the quote saw', () => {
    expect(readToken(token, [key])).toMatchObject({
      ...{ cartId: 'cart', region: 'DE', currency: 'EUR', totalMinor: 300, at: said.at },
      expiresAt: said.expiresAt,
      lines: [{ variantId: 'a', quantity: 2, unitMinor: 150, totalMinor: 300 }],
    });
  });

  it('is nothing once a character of it differs, or under another key', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'B', '.', 'é'), (place, letter) => {
        const forged = token.slice(0, place) + letter + token.slice(place + 1);
        fc.pre(forged !== token);
        expect(readToken(forged, [key])).toBeNull();
      }),
    );
    expect(readToken(token, [{ ...key, secret: Buffer.alloc(32, 8) }])).toBeNull();
    for (const text of ['', '.', '..', 'k1..', `${token}.`, 'k1.'.repeat(10_000)])
      expect(readToken(text, [key])).toBeNull();
  });

  it('holds under the key before the one that signs now', () => {
    const next: QuoteKey = { id: 'k2', secret: Buffer.alloc(32, 9) };
    expect(readToken(token, [next, key])).not.toBeNull();
  });

  it('has a fingerprint that changes with everything but the time and the order of lines', () => {
    const printOf = (input: Parameters<typeof quote>[0]) =>
      readToken(tokenOf(quote(input), key), [key])?.fingerprint;
    const input = cart([
      ['a', 2, 150],
      ['b', 1, 99],
    ]);
    const print = printOf(input);
    expect(printOf({ ...input, at: new Date(input.at.getTime() + 1_000) })).toBe(print);
    expect(printOf({ ...input, lines: [...input.lines].reverse() })).toBe(print);
    const dearer = new Map([...input.prices, ['b', price(100)]]);
    expect(printOf({ ...input, prices: dearer })).not.toBe(print);
    expect(printOf({ ...input, region: 'AT' })).not.toBe(print);
  });
});
