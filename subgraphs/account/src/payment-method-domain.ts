/** A saved way to pay: what the provider calls it, and what a person knows it by. Never a card number. */
export type PaymentMethod = {
  readonly id: string;
  readonly customerId: string;
  readonly kind: PaymentMethodKind;
  readonly provider: string;
  readonly token: string;
  readonly label: string | null;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expiryMonth: number | null;
  readonly expiryYear: number | null;
  readonly addedAt: Date;
};

export const paymentMethodKinds = ['CARD', 'BANK_ACCOUNT', 'WALLET'] as const;
export type PaymentMethodKind = (typeof paymentMethodKinds)[number];

/** More cards than a purse holds are a card tester's. */
export const maxPaymentMethods = 20;

/** ISO/IEC 7812: the shortest and the longest number of a card. */
const [fewestDigits, mostDigits] = [12, 19];
/** More signs than these between two digits part numbers rather than groups of one number. */
const maxSeparators = 3;

const isDigit = (character: string): boolean => /^\p{Nd}$/u.test(character);

/** Digits of any script count: each script has its ten in a row, beginning with its zero. */
const digitValue = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  let zero = code;
  while (code - zero < 9 && isDigit(String.fromCodePoint(zero - 1))) zero -= 1;
  return String(code - zero);
};

/** Runs of digits, each in its groups, as far apart as separators part them. */
const digitRuns = (text: string): string[][] => {
  const runs: string[][] = [[]];
  let gap = 0;
  // Compatibility forms and what is not seen at all are ways to write the same digits.
  for (const character of text.normalize('NFKC').replace(/\p{Cf}/gu, '')) {
    const run = runs.at(-1) ?? [];
    if (isDigit(character)) {
      if (gap === 0 && run.length > 0) run.push((run.pop() ?? '') + digitValue(character));
      else run.push(digitValue(character));
      gap = 0;
    } else {
      gap += 1;
      if (/\p{L}/u.test(character) || gap > maxSeparators) runs.push([]);
    }
  }
  return runs;
};

/** The check digit of ISO/IEC 7812-1. */
const passesLuhn = (digits: string): boolean => {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const weighed = place % 2 === 1 ? digit * 2 : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
};

/**
 * Whether a text holds what looks like a card number: 12 to 19 digits with the right check digit, whatever stands
 * between their groups. Whole groups are tried, so that a date behind the number does not hide it.
 */
export const looksLikeCardNumber = (text: string): boolean =>
  digitRuns(text).some((groups) =>
    groups.some((_, start) => {
      let digits = '';
      for (const group of groups.slice(start)) {
        digits += group;
        if (digits.length > mostDigits) return false;
        if (digits.length >= fewestDigits && passesLuhn(digits)) return true;
      }
      return false;
    }),
  );

/** A card is good until its month is over, everywhere on earth. */
export const hasExpired = (
  { expiryMonth, expiryYear }: Pick<PaymentMethod, 'expiryMonth' | 'expiryYear'>,
  now: Date,
): boolean =>
  expiryMonth !== null &&
  expiryYear !== null &&
  // Twelve hours behind UTC the month still runs.
  now.getTime() >= Date.UTC(expiryYear, expiryMonth) + 12 * 3_600_000;

/** The default after one was removed: the one added last, since that is the likeliest to be good. */
export const defaultAfterRemoving = (
  current: string | null,
  { id, staying }: { readonly id: string; readonly staying: readonly PaymentMethod[] },
): string | null => (current === id ? (staying.at(-1)?.id ?? null) : current);

/** RFC 9562: how half the providers name what they keep. One in two hundred has digits that look like a card's. */
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * The fields of an input that look like a card number. A key, and a token that is a UUID, are looked at as a whole,
 * since they are random and may hold any digits: they are a card number only when there is nothing else.
 */
export const cardNumberFields = (input: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(input).flatMap(([field, value]) => {
    if (typeof value !== 'string') return [];
    const isRandom = field === 'idempotencyKey' || (field === 'token' && uuid.test(value));
    const isSuspect = !isRandom || /^[0-9_-]+$/.test(value);
    return isSuspect && looksLikeCardNumber(value) ? [field] : [];
  });
