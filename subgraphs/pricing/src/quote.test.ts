import { AmountOutOfRangeError, CurrencyMismatchError, money } from '@storegraph/money';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Promotion } from './promotion-domain.ts';
import { carts, promotions } from './quote-chance-fixture.ts';
import { type Quote, type QuoteInput, quote } from './quote-domain.ts';
import { cart, price, promotion, vat } from './quote-fixture.ts';
import { type QuoteKey, readToken, tokenOf } from './quote-token-domain.ts';

/** What must hold of every quote, whatever lies in the cart and whatever the shop promises. */

const minor = (amounts: readonly { amountMinor: number }[]): number =>
  amounts.reduce((units, { amountMinor }) => units + amountMinor, 0);
/** What adjustments take off, as a number from 0 on. */
const takenBy = (adjustments: Quote['adjustments']) => 0 - minor(adjustments.map(({ amount }) => amount));
const discounts = (adjustments: Quote['adjustments']) =>
  adjustments.filter(({ code }) => code !== 'TAX_EXEMPTION');
const key: QuoteKey = { id: 'k1', secret: Buffer.alloc(32, 7) };
const quoteOrNull = (input: QuoteInput): Quote | null => {
  try {
    return quote(input);
  } catch (error) {
    if (error instanceof AmountOutOfRangeError) return null;
    throw error;
  }
};
/** Tries it on many carts; those that come to more than can be exact have no quote at all. */
const ofAny = (holds: (said: Quote, input: QuoteInput) => void, numRuns = 300) =>
  fc.assert(
    fc.property(carts, (input) => {
      const said = quoteOrNull(input);
      if (said) holds(said, input);
    }),
    { numRuns },
  );
/** Every amount in it, wherever it stands. */
const amountsIn = (value: unknown): { amountMinor: number; currency: string }[] => {
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  if ('amountMinor' in value) return [value as { amountMinor: number; currency: string }];
  return Object.values(value).flatMap(amountsIn);
};

describe('any quote', () => {
  it('is the same in whatever order the lines and the shop’s promises lie, but for the order of lines', () => {
    const shuffled = <T>(items: readonly T[]) =>
      fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
    fc.assert(
      fc.property(
        carts.chain((input) =>
          fc.tuple(
            fc.constant(input),
            fc.record({
              lines: shuffled(input.lines),
              promotions: shuffled(input.promotions),
              taxes: shuffled(input.taxes),
            }),
          ),
        ),
        ([input, order]) => {
          const [said, other] = [quoteOrNull(input), quoteOrNull({ ...input, ...order })];
          if (!said || !other) {
            expect(other).toBe(said);
            return;
          }
          const inOrder = ({ lines }: Quote) => [...lines].sort((a, b) => (a.lineId < b.lineId ? -1 : 1));
          expect({ ...other, lines: inOrder(other) }).toEqual({ ...said, lines: inOrder(said) });
          expect(other.lines.map(({ lineId }) => lineId)).toEqual(order.lines.map(({ id }) => id));
          expect(printOf(other)).toBe(printOf(said));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has no amount below zero but what is taken off, and none that is not exact', () => {
    ofAny(({ lines, adjustments, ...said }) => {
      const taken = [...adjustments, ...lines.flatMap((line) => line.adjustments)];
      for (const { amount } of taken) expect(amount.amountMinor).toBeLessThanOrEqual(0);
      const others = amountsIn([said, lines.map(({ adjustments: _, ...line }) => line)]);
      for (const { amountMinor } of others) expect(amountMinor).toBeGreaterThanOrEqual(0);
      for (const { amountMinor } of amountsIn([said, lines, adjustments]))
        expect(Number.isSafeInteger(amountMinor)).toBe(true);
      const free = lines.filter(({ subtotal, discount }) => subtotal.amountMinor === discount.amountMinor);
      for (const { total } of free) expect(total.amountMinor).toBe(0);
    });
  });

  it('is refused only where its amounts are more than can be exact', () => {
    fc.assert(
      fc.property(carts, (input) => {
        if (quoteOrNull(input)) return;
        const goods = input.lines.reduce(
          (units, { variantId, quantity }) =>
            units + BigInt(input.prices.get(variantId)?.unit.amountMinor ?? 0) * BigInt(quantity),
          BigInt(input.shipping?.amount.amountMinor ?? 0),
        );
        const most = input.taxes.reduce(
          (millionths, rate) => millionths + BigInt(rate.rateMillionths),
          1_000_000n,
        );
        expect(goods * most).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER) * 1_000_000n);
      }),
      { numRuns: 300 },
    );
  });

  it('sums to the unit: lines to the quote, adjustments to the discount, taxes to the tax', () => {
    ofAny((said, input) => {
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
    });
  });

  it('splits each promotion over lines and shipping without losing a unit', () => {
    ofAny(({ lines, adjustments, shipping }, input) => {
      const freesShipping = new Set(
        input.promotions.flatMap(({ id, action }) => (action.kind === 'FREE_SHIPPING' ? [id] : [])),
      );
      for (const { promotionId, amount } of discounts(adjustments)) {
        const parts = lines.flatMap((line) =>
          line.adjustments.filter((part) => part.promotionId === promotionId),
        );
        const isFreeShipping = promotionId !== null && freesShipping.has(promotionId);
        expect(0 - amount.amountMinor - takenBy(parts)).toBe(isFreeShipping ? shipping.amountMinor : 0);
      }
    });
  });

  it('gives as much whether the pieces of a variant lie on one line or on several', () => {
    fc.assert(
      fc.property(carts, promotions, fc.integer({ min: 1, max: 9 }), (input, [given], share) => {
        const promotions = given ? [given] : [];
        const split = input.lines.flatMap((line) => {
          const first = Math.floor((line.quantity * share) / 10);
          const halves = [first, line.quantity - first].filter((quantity) => quantity > 0);
          return halves.map((quantity, half) => ({ ...line, id: `${line.id}${half}`, quantity }));
        });
        const whole = quoteOrNull({ ...input, promotions });
        const parted = quoteOrNull({ ...input, promotions, lines: split });
        expect(parted?.subtotal).toEqual(whole?.subtotal);
        expect(parted?.discount).toEqual(whole?.discount);
        expect(parted?.pointsEarned).toBe(whole?.pointsEarned);
      }),
      { numRuns: 300 },
    );
  });

  it('is identical when it is made again, to the last character of its token', () => {
    ofAny((said, input) => {
      expect(tokenOf(quote(structuredClone(input)), key)).toBe(tokenOf(said, key));
    });
  });

  it('charges nobody more than the cart without promotions', () => {
    ofAny((said, input) => {
      const plain = quoteOrNull({ ...input, promotions: [] });
      if (plain) expect(said.total.amountMinor).toBeLessThanOrEqual(plain.total.amountMinor);
    });
  });

  it('spends no point that is not there, none beyond what was asked for, and guests have none', () => {
    ofAny(({ pointsSpent, pointsEarned }, { buyer: { kind, points } }) => {
      const most = kind === 'customer' ? Math.min(points.balance, points.toUse) : 0;
      expect(pointsSpent).toBeLessThanOrEqual(most);
      expect(pointsEarned).toBeLessThanOrEqual(1_000_000_000);
    });
  });

  it('uses a coupon only for something: without it the cart would be another', () => {
    ofAny((said, input) => {
      const given = ({ adjustments, hasFreeShipping, pointsEarned }: Quote) =>
        JSON.stringify([adjustments, hasFreeShipping, pointsEarned]);
      for (const { code, state } of said.coupons) {
        if (state !== 'COUNTS' || said.pointsEarned === 1_000_000_000) continue;
        const coupons = input.coupons.filter((entered) => entered.code !== code);
        expect(given(quote({ ...input, coupons }))).not.toBe(given(said));
      }
    });
  });

  it('is of one currency throughout, and what is promised in others changes nothing in it', () => {
    ofAny((said, input) => {
      for (const { currency } of amountsIn(said)) expect(currency).toBe(input.currency);
      const own = input.promotions.map((given) => inCurrencyAlone(given, input.currency));
      expect(quote({ ...input, promotions: own })).toEqual(said);
    });
  });

  it('never mixes currencies: a price in another one stops it', () => {
    const input = cart([['a', 1, 100]]);
    const prices = new Map([['a', price(1, { unit: money(1, 'USD') })]]);
    expect(() => quote({ ...input, prices })).toThrow(CurrencyMismatchError);
    const shipping = { amount: money(1, 'USD'), includesTax: true };
    expect(() => quote({ ...input, shipping })).toThrow(CurrencyMismatchError);
  });

  it('holds until it ends: made at any instant before, it is the same but for its time', () => {
    fc.assert(
      fc.property(carts, fc.double({ min: 0, max: 0.999, noNaN: true }), (input, share) => {
        const said = quoteOrNull(input);
        if (!said) return;
        const lastsMs = said.expiresAt.getTime() - said.at.getTime();
        const later = quote({ ...input, at: new Date(said.at.getTime() + Math.floor(lastsMs * share)) });
        expect(printOf(later)).toBe(printOf(said));
      }),
      { numRuns: 300 },
    );
  });

  it('takes off no more of what somebody is exempt from than the tax in it', () => {
    ofAny((said, input) => {
      if (said.taxExemption === null) return;
      const taxed = quoteOrNull({ ...input, buyer: { ...input.buyer, taxExemption: null } });
      if (taxed) expect(said.total.amountMinor).toBe(taxed.total.amountMinor - taxed.tax.amountMinor);
    });
  });

  it('ends with whatever it rests on', () => {
    const input = cart([['a', 1, 100]]);
    const inMinutes = (count: number) => new Date(input.at.getTime() + count * 60_000);
    expect(quote(input).expiresAt).toEqual(inMinutes(15));
    const prices = new Map([['a', price(100, { until: inMinutes(9) })]]);
    expect(quote({ ...input, prices }).expiresAt).toEqual(inMinutes(9));
    const taxes = [{ ...vat, validFrom: inMinutes(7) }];
    expect(quote({ ...input, prices, taxes }).expiresAt).toEqual(inMinutes(7));
    expect(quote({ ...input, prices, taxes, region: 'AT' }).expiresAt).toEqual(inMinutes(9));
    expect(quote({ ...input, prices, exemptUntil: inMinutes(5) }).expiresAt).toEqual(inMinutes(5));
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

  it('covers all that a quote says: one part of it changed is another token, and another fingerprint', () => {
    ofAny((quoted) => {
      for (const changed of changesOf(quoted)) {
        const other = changed as Quote;
        expect(tokenOf(other, key)).not.toBe(tokenOf(quoted, key));
        if (
          other.at.getTime() + other.expiresAt.getTime() ===
          quoted.at.getTime() + quoted.expiresAt.getTime()
        )
          expect(printOf(other)).not.toBe(printOf(quoted));
      }
    }, 25);
  });

  it('of the fullest cart is read again', () => {
    const dearest = 1_000_000_000_000;
    const lines = Array.from({ length: 100 }, () => [crypto.randomUUID(), 90, dearest] as const);
    const full = quote({ ...cart(lines), cartId: 'x'.repeat(100) });
    expect(readToken(tokenOf(full, key), [key])).toMatchObject({ totalMinor: 9_000 * dearest });
  });

  it('has a fingerprint that changes with everything but the time and the order of lines', () => {
    const input = cart([
      ['a', 2, 150],
      ['b', 1, 99],
    ]);
    const print = printOf(quote(input));
    expect(printOf(quote({ ...input, at: new Date(input.at.getTime() + 1_000) }))).toBe(print);
    expect(printOf(quote({ ...input, lines: [...input.lines].reverse() }))).toBe(print);
    const dearer = new Map([...input.prices, ['b', price(100)]]);
    expect(printOf(quote({ ...input, prices: dearer }))).not.toBe(print);
    expect(printOf(quote({ ...input, region: 'AT' }))).not.toBe(print);
  });
});

const printOf = (said: Quote) => readToken(tokenOf(said, key), [key])?.fingerprint;

/** A promotion with the amounts of one currency alone. */
const inCurrencyAlone = (given: Promotion, currency: string): Promotion =>
  JSON.parse(JSON.stringify(given), (name, value) => {
    if (name === 'startsAt' || name === 'endsAt') return value === null ? null : new Date(value);
    return currencies.has(name) && name !== currency ? undefined : value;
  });
const currencies = new Set(['JPY', 'EUR', 'KWD']);

/** The same value with one leaf of it changed, for each leaf. */
const changesOf = (value: unknown): unknown[] => {
  if (typeof value === 'number') return [value + 1];
  if (typeof value === 'string') return [`${value}x`];
  if (typeof value === 'boolean') return [!value];
  if (value === null) return ['x'];
  if (value instanceof Date) return [new Date(value.getTime() + 1)];
  if (Array.isArray(value))
    return value.flatMap((item, place) => changesOf(item).map((changed) => value.with(place, changed)));
  return Object.entries(value as object).flatMap(([name, part]) =>
    changesOf(part).map((changed) => ({ ...(value as object), [name]: changed })),
  );
};
