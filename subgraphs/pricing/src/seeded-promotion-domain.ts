/** An amount that is worth about as much in each currency of a seeded shop. */
const about = (euroCents: number) => [
  { amountMinor: euroCents, currency: 'EUR' },
  { amountMinor: euroCents, currency: 'USD' },
  { amountMinor: euroCents, currency: 'GBP' },
  { amountMinor: euroCents, currency: 'CHF' },
  { amountMinor: euroCents * 10, currency: 'SEK' },
  { amountMinor: euroCents * 4, currency: 'PLN' },
  { amountMinor: Math.ceil(euroCents * 1.5), currency: 'JPY' },
];

const always = { isActive: true, needsCoupon: false, priority: 100, isExclusive: false };

/** What a seeded shop gives: nothing takes anything off by itself, so that its prices are what its lists say. */
export const seededPromotions = [
  {
    ...{ ...always, code: 'WELCOME', name: '10 % off your first order', needsCoupon: true },
    conditions: { isFirstOrderOnly: true },
    action: { percentOff: { basisPoints: 1_000 } },
    coupon: { code: 'WELCOME10', maxUses: null, maxUsesPerCustomer: 1 },
  },
  {
    ...{ ...always, code: 'SUMMER', name: '5 off from 50 on', needsCoupon: true },
    conditions: { minimumSubtotals: about(5_000) },
    action: { amountOff: { amounts: about(500) } },
    coupon: { code: 'SUMMER5', maxUses: 100, maxUsesPerCustomer: null },
  },
  {
    ...{ ...always, code: 'POINTS', name: 'A point for each euro' },
    action: { earnPoints: { points: 1, per: about(100) } },
    coupon: null,
  },
  {
    ...{ ...always, code: 'PAY-WITH-POINTS', name: 'Paid with points' },
    action: { spendPoints: { worth: about(1), maxBasisPoints: 5_000 } },
    coupon: null,
  },
] as const;
