import { describe, expect, it } from 'vitest';
import { codesFrom, couponKeyOf, isBarred, isCouponKey, waitAfter } from './coupon-domain.ts';
import type { Action, Promotion } from './promotion-domain.ts';
import { quote } from './quote-domain.ts';
import { at, buyer, cart, conditions, coupon, price, promotion, vat } from './quote-fixture.ts';
import { ratesOn, taxOn } from './tax-domain.ts';

/** What each kind of promotion does, by example. */

const lines = [
  ['a', 2, 1_000],
  ['b', 1, 501],
] as const;
const free = 10_000;
const buyXGetY = { kind: 'BUY_X_GET_Y', getVariantIds: null, maxTimes: null, basisPoints: free } as const;
const offOf = (promotions: readonly Promotion[], more: Parameters<typeof cart>[1] = {}) =>
  quote(cart(lines, { promotions, ...more }));
const off = (action: Action, more: Partial<Promotion> = {}) =>
  offOf([promotion(action, more)]).discount.amountMinor;
const percent = (share: number, more: Partial<Promotion> = {}) =>
  promotion({ kind: 'PERCENT_OFF', basisPoints: share * 100 }, more);

describe('a promotion takes off', () => {
  it.each<[string, Action, number]>([
    ['a share of everything, rounded once', { kind: 'PERCENT_OFF', basisPoints: 1_000 }, 250],
    ['an amount', { kind: 'AMOUNT_OFF', amounts: { EUR: 300 } }, 300],
    ['never more than there is', { kind: 'AMOUNT_OFF', amounts: { EUR: 99_999 } }, 2_501],
    ['nothing in a currency it is not meant for', { kind: 'AMOUNT_OFF', amounts: { USD: 300 } }, 0],
    [
      'the share of the highest tier reached',
      {
        kind: 'TIERED',
        tiers: [
          { minimumQuantity: 2, minimumSubtotals: null, basisPoints: 500 },
          { minimumQuantity: 3, minimumSubtotals: null, basisPoints: 2_000 },
          { minimumQuantity: 4, minimumSubtotals: null, basisPoints: 5_000 },
        ],
      },
      500,
    ],
    [
      'the share of a tier by subtotal',
      {
        kind: 'TIERED',
        tiers: [{ minimumQuantity: null, minimumSubtotals: { EUR: 2_501 }, basisPoints: 1_000 }],
      },
      250,
    ],
    ['the cheapest piece of three', { ...buyXGetY, buyQuantity: 2, getQuantity: 1 }, 501],
    ['nothing where too little is bought', { ...buyXGetY, buyQuantity: 3, getQuantity: 1 }, 0],
    [
      'another piece as a gift, half of it',
      { ...buyXGetY, buyQuantity: 2, getQuantity: 1, getVariantIds: ['b'], basisPoints: 5_000 },
      250,
    ],
    [
      'what a set costs more than its price, as often as it is there',
      {
        kind: 'BUNDLE',
        items: [
          { variantId: 'a', quantity: 1 },
          { variantId: 'b', quantity: 1 },
        ],
        prices: { EUR: 1_200 },
        maxTimes: null,
      },
      301,
    ],
    [
      'nothing where a set would be dearer',
      { kind: 'BUNDLE', items: [{ variantId: 'b', quantity: 1 }], prices: { EUR: 900 }, maxTimes: null },
      0,
    ],
  ])('%s', (_says, action, amount) => {
    expect(off(action)).toBe(amount);
  });

  it('of its own variants and products alone', () => {
    expect(
      off({ kind: 'PERCENT_OFF', basisPoints: free }, { conditions: { ...conditions, variantIds: ['b'] } }),
    ).toBe(501);
    const prices = new Map([
      ['a', price(1_000, { productId: 'shoe' })],
      ['b', price(501)],
    ]);
    const shoes = percent(100, { conditions: { ...conditions, productIds: ['shoe'] } });
    expect(offOf([shoes], { prices }).discount.amountMinor).toBe(2_000);
  });

  it('makes shipping free with what it is about, whatever shipping will cost', () => {
    const freeFor = (variantIds: string[]) =>
      offOf([promotion({ kind: 'FREE_SHIPPING' }, { conditions: { ...conditions, variantIds } })], {
        shipping: { amount: price(490).unit, includesTax: true },
      });
    expect(freeFor(['b'])).toMatchObject({ hasFreeShipping: true, total: { amountMinor: 2_501 } });
    expect(freeFor(['z'])).toMatchObject({ hasFreeShipping: false, total: { amountMinor: 2_991 } });
    expect(offOf([promotion({ kind: 'FREE_SHIPPING' })])).toMatchObject({ hasFreeShipping: true });
  });

  it('says for each line and for the whole what it was and why', () => {
    const { adjustments, lines: quoted } = offOf([percent(10, { name: 'Spring' })]);
    expect(adjustments).toEqual([
      {
        ...{ label: 'Spring', amount: { amountMinor: -250, currency: 'EUR' }, reason: '10 % off.' },
        ...{ code: 'PROMOTION', promotionId: 'p1', couponCode: null },
      },
    ]);
    expect(quoted.map((line) => line.adjustments.map(({ amount }) => amount.amountMinor))).toEqual([
      [-200],
      [-50],
    ]);
  });
});

describe('a promotion applies', () => {
  const applies = (more: Partial<Promotion>, asked: Parameters<typeof cart>[1] = {}) =>
    offOf([percent(10, more)], asked).adjustments.length === 1;
  const before = new Date(at.getTime() - 1);
  it.each<[string, Partial<Promotion>, boolean]>([
    ['from its first instant on', { startsAt: at }, true],
    ['not at its last', { endsAt: at }, false],
    ['not before', { startsAt: new Date(at.getTime() + 1) }, false],
    ['not after', { startsAt: before, endsAt: before }, false],
    ['not while it is switched off', { isActive: false }, false],
    ['at its minimum', { conditions: { ...conditions, minimumSubtotals: { EUR: 2_501 } } }, true],
    ['not below it', { conditions: { ...conditions, minimumSubtotals: { EUR: 2_502 } } }, false],
    [
      'not in a currency without a minimum',
      { conditions: { ...conditions, minimumSubtotals: { USD: 1 } } },
      false,
    ],
    ['in its regions', { conditions: { ...conditions, regions: ['DE'] } }, true],
    ['in no other', { conditions: { ...conditions, regions: ['AT'] } }, false],
    ['not for another group', { conditions: { ...conditions, customerGroups: ['trade'] } }, false],
  ])('%s', (_says, more, expected) => {
    expect(applies(more)).toBe(expected);
  });

  it('to a first order of who has signed in, and not to a guest who is new each time', () => {
    const first = { conditions: { ...conditions, isFirstOrderOnly: true } };
    expect(applies(first)).toBe(true);
    expect(applies(first, { buyer: { ...buyer, isFirstOrder: false } })).toBe(false);
    expect(applies(first, { buyer: { ...buyer, kind: 'guest' } })).toBe(false);
  });
});

describe('promotions together', () => {
  it('go by priority, each on what the earlier left', () => {
    const amount = promotion({ kind: 'AMOUNT_OFF', amounts: { EUR: 501 } }, { id: 'p2', priority: 1 });
    expect(offOf([percent(10), amount]).discount.amountMinor).toBe(501 + 200);
    expect(offOf([percent(10, { priority: 0 }), amount]).discount.amountMinor).toBe(250 + 501);
  });

  it('of one group: the first by priority, and of equal ones what saves more', () => {
    const group = { stackingGroup: 'sale' };
    const [ten, twenty] = [percent(10, group), percent(20, { ...group, id: 'p2' })];
    expect(offOf([ten, twenty]).adjustments.map(({ promotionId }) => promotionId)).toEqual(['p2']);
    const first = { ...ten, priority: 1 };
    expect(offOf([first, twenty]).adjustments.map(({ promotionId }) => promotionId)).toEqual(['p1']);
  });

  it('with an exclusive one: it alone or all others, whichever saves more', () => {
    const others = [percent(10), percent(10, { id: 'p2' })];
    const alone = (share: number) => percent(share, { id: 'p3', isExclusive: true });
    expect(offOf([...others, alone(20)]).adjustments).toHaveLength(1);
    expect(offOf([...others, alone(18)]).adjustments).toHaveLength(2);
  });
});

describe('points', () => {
  const worth = promotion(
    { kind: 'SPEND_POINTS', worth: { EUR: 5 }, maxBasisPoints: 5_000 },
    { id: 'worth' },
  );
  const earn = promotion({ kind: 'EARN_POINTS', points: 2, per: { EUR: 100 } }, { id: 'earn' });
  const rich = { ...buyer, points: { balance: 1_000, toUse: 1_000 } };

  it('pay up to their share of the goods, in whole points', () => {
    const said = offOf([worth, percent(50)], { buyer: rich });
    expect(said.pointsSpent).toBe(125);
    expect(said.total.amountMinor).toBe(2_501 - 1_251 - 625);
  });

  it('are not those of guests, and only as many as were asked for', () => {
    expect(offOf([worth], { buyer: { ...rich, kind: 'guest' } }).pointsSpent).toBe(0);
    expect(offOf([worth], { buyer: { ...buyer, points: { balance: 9, toUse: 1_000 } } }).pointsSpent).toBe(9);
  });

  it('are earned for what is paid', () => {
    expect(offOf([earn]).pointsEarned).toBe(50);
    expect(offOf([earn, percent(50)]).pointsEarned).toBe(24);
  });
});

describe('a coupon', () => {
  const ofCode = percent(10, { needsCoupon: true });
  const stateOf = (entered: ReturnType<typeof coupon>[], promotions = [ofCode], more = {}) =>
    offOf(promotions, { coupons: entered, ...more }).coupons.map(({ state }) => state);

  it('switches its promotion on, which does nothing without it', () => {
    expect(offOf([ofCode]).discount.amountMinor).toBe(0);
    const said = offOf([ofCode], { coupons: [coupon('TEN', 'p1')] });
    expect(said.discount.amountMinor).toBe(250);
    expect(said.adjustments).toMatchObject([
      { code: 'COUPON', couponCode: 'TEN', reason: '10 % off. With code TEN.' },
    ]);
  });

  it('says what became of it', () => {
    expect(stateOf([coupon('TEN', 'p1')])).toEqual(['COUNTS']);
    expect(stateOf([coupon('TEN', 'p1'), coupon('TENTOO', 'p1')])).toEqual(['COUNTS', 'NOT_NEEDED']);
    expect(stateOf([{ code: 'NO', coupon: null, isBarred: false }])).toEqual(['UNKNOWN']);
    expect(stateOf([{ code: 'NO', coupon: null, isBarred: true }])).toEqual(['TOO_MANY_TRIES']);
    expect(stateOf([coupon('TEN', 'p1', { maxUses: 5, uses: 5 })])).toEqual(['USED_UP']);
    expect(stateOf([coupon('TEN', 'p1', { maxUsesPerCustomer: 1, usesByBuyer: 1 })])).toEqual(['USED_UP']);
    expect(stateOf([coupon('TEN', 'p1', { customerId: 'c2' })])).toEqual(['NOT_FOR_YOU']);
    expect(stateOf([coupon('TEN', 'p1', { isWithdrawn: true })])).toEqual(['EXPIRED']);
    const guest = { buyer: { ...buyer, kind: 'guest' } };
    expect(stateOf([coupon('TEN', 'p1', { maxUsesPerCustomer: 1 })], [ofCode], guest)).toEqual([
      'NOT_FOR_YOU',
    ]);
    const better = percent(50, { id: 'p2', isExclusive: true });
    expect(stateOf([coupon('TEN', 'p1')], [ofCode, better])).toEqual(['NOT_COMBINABLE']);
    const unmet = { ...ofCode, conditions: { ...conditions, minimumSubtotals: { EUR: 9_999 } } };
    expect(stateOf([coupon('TEN', 'p1')], [unmet])).toEqual(['CONDITIONS_NOT_MET']);
  });

  it('is kept for another order where the cart has what it gives without it', () => {
    const shipping = { shipping: { amount: price(490).unit, includesTax: true } };
    const free = promotion({ kind: 'FREE_SHIPPING' }, { id: 'p2' });
    const ofCoupon = { ...free, id: 'p1', needsCoupon: true };
    for (const more of [{}, shipping])
      expect(stateOf([coupon('FREE', 'p1')], [free, ofCoupon], more)).toEqual(['NOT_NEEDED']);
    const group = { stackingGroup: 'ONE' };
    expect(
      stateOf([coupon('TEN', 'p1')], [{ ...ofCode, ...group }, percent(10, { id: 'p2', ...group })]),
    ).toEqual(['NOT_COMBINABLE']);
  });

  it('of points is kept for another order where others earn them and it would not', () => {
    const earning = (id: string, per: number, more: Partial<Promotion> = {}) =>
      promotion({ kind: 'EARN_POINTS', points: 1, per: { EUR: per } }, { id, ...more });
    const open = earning('p2', 100, { stackingGroup: 'POINTS' });
    const ofPoints = (per: number, more?: Partial<Promotion>) =>
      stateOf([coupon('POINTS', 'p1')], [open, earning('p1', per, { needsCoupon: true, ...more })]);
    expect(ofPoints(100)).toEqual(['COUNTS']);
    expect(ofPoints(1_000_000)).toEqual(['NOT_NEEDED']);
    expect(ofPoints(200, { stackingGroup: 'POINTS' })).toEqual(['NOT_NEEDED']);
    expect(ofPoints(50, { stackingGroup: 'POINTS' })).toEqual(['COUNTS']);
  });

  it('is the same however it is typed', () => {
    expect(couponKeyOf(' spring-7k3m 8z\u2010dq ')).toBe('SPRING7K3M8ZDQ');
    expect(isCouponKey(couponKeyOf('Ünder_20%'))).toBe(false);
  });

  it('generated has 60 bits of chance', () => {
    expect(codesFrom(new Uint8Array(24), 'SPRING')).toEqual(Array(2).fill('SPRING-0000-0000-0000'));
    const every = codesFrom(
      Uint8Array.from({ length: 264 }, (_, byte) => byte),
      null,
    )
      .join('')
      .replaceAll('-', '');
    expect(new Set(every).size).toBe(32);
  });

  it('that is wrong costs its owner nothing ten times, then twice as long each time, up to an hour', () => {
    expect([0, 10, 11, 12, 15, 30, 9_999].map(waitAfter)).toEqual([0, 0, 2, 4, 32, 3_600, 3_600]);
    const tries = { wrongCodes: 12, lastAt: at };
    expect(isBarred({ wrongCodes: 0, lastAt: null }, at)).toBe(false);
    expect(isBarred(tries, new Date(at.getTime() + 3_999))).toBe(true);
    expect(isBarred(tries, new Date(at.getTime() + 4_000))).toBe(false);
  });
});

describe('tax', () => {
  const on = { rates: [vat], includesTax: true, isExempt: false };
  const amount = price(11_900).unit;
  it('is in the price or on top of it, and missing where somebody pays none', () => {
    const brief = ({ net, tax, gross }: ReturnType<typeof taxOn>) =>
      [net, tax, gross].map((part) => part.amountMinor);
    expect(brief(taxOn(amount, on))).toEqual([10_000, 1_900, 11_900]);
    expect(brief(taxOn(amount, { ...on, includesTax: false }))).toEqual([11_900, 2_261, 14_161]);
    expect(brief(taxOn(amount, { ...on, isExempt: true }))).toEqual([10_000, 0, 10_000]);
    expect(brief(taxOn(amount, { ...on, rates: [] }))).toEqual([11_900, 0, 11_900]);
  });

  it('goes by category, and by the standard one where a category has no rate', () => {
    const reduced = { ...vat, category: 'food', name: 'VAT 7 %', rateMillionths: 70_000 };
    const prices = new Map([
      ['a', price(1_000, { taxCategory: 'food' })],
      ['b', price(501, { taxCategory: 'toys' })],
    ]);
    const { taxes, tax } = offOf([], { prices, taxes: [vat, reduced] });
    expect(taxes.map(({ name, amount: part }) => [name, part.amountMinor])).toEqual([
      ['VAT 19 %', 80],
      ['VAT 7 %', 131],
    ]);
    expect(tax.amountMinor).toBe(211);
  });

  it('is a country’s and, on top, its state’s, each by its own categories', () => {
    const gst = { ...vat, region: 'CA', name: 'GST', rateMillionths: 50_000 };
    const qst = { ...gst, subdivision: 'QC', name: 'QST', rateMillionths: 99_750 };
    const books = { ...qst, category: 'books', rateMillionths: 0 };
    const table = [gst, qst, books];
    const namesIn = (region: string, category: string, taxes = table) =>
      ratesOn(taxes, { region, category, at }).map(({ name, rateMillionths }) => [name, rateMillionths]);
    expect(namesIn('CA-QC', 'toys')).toEqual([
      ['GST', 50_000],
      ['QST', 99_750],
    ]);
    expect(namesIn('CA-QC', 'books')).toEqual([
      ['GST', 50_000],
      ['QST', 0],
    ]);
    for (const region of ['CA', 'CA-ON']) expect(namesIn(region, 'toys')).toEqual([['GST', 50_000]]);
    expect(namesIn('US-QC', 'toys')).toEqual([]);
    const later = { ...qst, rateMillionths: 100_000, validFrom: new Date(at.getTime() + 1) };
    expect(namesIn('CA-QC', 'toys', [later, ...table])).toEqual(namesIn('CA-QC', 'toys'));
    const sooner = { ...later, validFrom: at };
    expect(namesIn('CA-QC', 'toys', [sooner, ...table])).toContainEqual(['QST', 100_000]);
  });

  it('is named once for each rate, and not at all where it is on nothing', () => {
    const rates = { standard: 200_000, food: 50_000, books: 0 };
    const taxes = Object.entries(rates).map(([category, rateMillionths]) => ({
      ...{ ...vat, name: 'USt', category, rateMillionths },
    }));
    const { lines } = cart([
      ['a', 1, 1],
      ['b', 1, 1],
    ]);
    const prices = new Map([
      ['a', price(1_000, { taxCategory: 'food' })],
      ['b', price(500, { taxCategory: 'books' })],
    ]);
    const said = quote({ ...cart([]), lines, prices, taxes });
    expect(said.taxes.map(({ rateMillionths, amount }) => [rateMillionths, amount.amountMinor])).toEqual([
      [0, 0],
      [50_000, 48],
    ]);
  });

  it('is said to be taken out for who is exempt', () => {
    const exempt = { ...buyer, taxExemption: 'Reverse charge.' };
    const { adjustments, total, tax } = offOf([], { taxes: [vat], buyer: exempt });
    expect(adjustments).toMatchObject([
      { code: 'TAX_EXEMPTION', amount: { amountMinor: -399 }, reason: 'Reverse charge.' },
    ]);
    expect([total.amountMinor, tax.amountMinor]).toEqual([2_102, 0]);
  });
});
