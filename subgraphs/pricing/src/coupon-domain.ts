import type { Buyer, Timing } from './promotion-domain.ts';

/** What becomes of a code somebody entered. */
export type CouponState =
  | 'COUNTS'
  | 'UNKNOWN'
  | 'NOT_YET'
  | 'EXPIRED'
  | 'USED_UP'
  | 'NOT_FOR_YOU'
  | 'CONDITIONS_NOT_MET'
  | 'NOT_COMBINABLE'
  | 'NOT_NEEDED'
  | 'TOO_MANY_TRIES';

/** A code that switches a promotion on. */
export type Coupon = {
  /** As it is looked up: see couponKeyOf. */
  readonly key: string;
  readonly code: string;
  readonly promotionId: string;
  readonly maxUses: number | null;
  readonly maxUsesPerCustomer: number | null;
  /** Whom it was made for; null for everybody. */
  readonly customerId: string | null;
  readonly isWithdrawn: boolean;
  readonly uses: number;
};

/** A coupon with how often one buyer has used it. */
export type CouponOfBuyer = Coupon & { readonly usesByBuyer: number };

export type CouponObstacle = {
  readonly state: 'EXPIRED' | 'USED_UP' | 'NOT_FOR_YOU';
  readonly reason: string;
};

export const maxCodeLength = 64;
/** As many as a cart holds. */
export const maxCodesPerCart = 10;

/** People type codes with spaces, in lower case and without the hyphens: all are the same code. */
export const couponKeyOf = (code: string): string =>
  code
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, '');

/** What a code may be once its spaces and hyphens are gone. */
export const isCouponKey = (key: string): boolean => /^[A-Z0-9]{3,64}$/.test(key);

/** Why a buyer cannot use a coupon, its promotion aside; null when they can. */
export const obstacleToCoupon = (
  coupon: CouponOfBuyer,
  buyer: Pick<Buyer, 'kind' | 'id'>,
): CouponObstacle | null => {
  if (coupon.isWithdrawn) return { state: 'EXPIRED', reason: 'It was withdrawn.' };
  // A guest is somebody new whenever they like, so what is limited for each customer is not for guests.
  const isPersonal = coupon.customerId !== null || coupon.maxUsesPerCustomer !== null;
  if (isPersonal && buyer.kind !== 'customer') return { state: 'NOT_FOR_YOU', reason: 'Sign in to use it.' };
  if (coupon.customerId !== null && coupon.customerId !== buyer.id)
    return { state: 'NOT_FOR_YOU', reason: 'It is for another customer.' };
  if (coupon.maxUses !== null && coupon.uses >= coupon.maxUses)
    return { state: 'USED_UP', reason: 'It has been used up.' };
  if (coupon.maxUsesPerCustomer !== null && coupon.usesByBuyer >= coupon.maxUsesPerCustomer)
    return { state: 'USED_UP', reason: 'You have used it before.' };
  return null;
};

/** A coupon with what its promotion asks of a buyer, at the moment it is used up. */
export type CouponToRedeem = CouponOfBuyer & {
  readonly isActive: boolean;
  readonly timing: Timing;
  readonly isFirstOrderOnly: boolean;
};

/** Why a coupon cannot be used up for an order, or null. What is in the cart was looked at by its quote. */
export const obstacleToRedeeming = (
  coupon: CouponToRedeem,
  buyer: Pick<Buyer, 'kind' | 'id' | 'isFirstOrder'>,
): { readonly state: CouponState; readonly reason: string } | null => {
  if (coupon.timing === 'NOT_YET') return { state: 'NOT_YET', reason: 'It has not begun.' };
  if (coupon.timing === 'EXPIRED' || !coupon.isActive) return { state: 'EXPIRED', reason: 'It has ended.' };
  if (coupon.isFirstOrderOnly && !(buyer.kind === 'customer' && buyer.isFirstOrder))
    return { state: 'NOT_FOR_YOU', reason: 'It is for the first order of who has signed in.' };
  return obstacleToCoupon(coupon, buyer);
};

/** Crockford's 32: nobody takes an O for a 0 or an I for a 1. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Of five bits each, so 60 bits: a million guesses a second would find one of a million codes in six days each. */
const generatedLength = 12;
export const bytesPerCode = generatedLength;

/** Codes out of random bytes, 12 for each: `SPRING-7K3M-Q8ZD-40VX`. */
export const codesFrom = (random: Uint8Array, prefix: string | null): string[] =>
  Array.from({ length: Math.floor(random.length / bytesPerCode) }, (_, index) => {
    const bytes = random.subarray(index * bytesPerCode, (index + 1) * bytesPerCode);
    const letters = [...bytes].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
    const groups = letters.match(/.{4}/g) ?? [];
    return [...(prefix === null ? [] : [prefix]), ...groups].join('-');
  });

/** Wrong codes anybody may enter in a day before it costs time: slips of the keyboard and old mails. */
const freeOfOwner = 10;
/** Wrong codes that guests of one address may enter in an hour: an office, or a mobile network, is one address to us. */
export const freeOfAddress = 100;
/** So that a mistake is not punished for ever. */
export const longestWaitSeconds = 60 * 60;

/** How long after the last of so many wrong codes the next is not looked at, in seconds: 2, 4, 8 … up to an hour. */
export const waitAfter = (wrongCodes: number): number =>
  wrongCodes <= freeOfOwner ? 0 : Math.min(2 ** Math.min(wrongCodes - freeOfOwner, 20), longestWaitSeconds);

/** Whether codes are not looked at now, be they right or wrong: an answer to a right one would tell them apart. */
export const isBarred = (
  { wrongCodes, lastAt }: { readonly wrongCodes: number; readonly lastAt: Date | null },
  at: Date,
): boolean => lastAt !== null && at.getTime() < lastAt.getTime() + waitAfter(wrongCodes) * 1_000;
