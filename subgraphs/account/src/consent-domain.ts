/** What a person can agree to. */
export const consentPurposes = [
  'TERMS',
  'PRIVACY',
  'MARKETING_EMAIL',
  'MARKETING_SMS',
  'MARKETING_PUSH',
  'MARKETING_POST',
  'PERSONALISATION',
  'ANALYTICS',
] as const;
export type ConsentPurpose = (typeof consentPurposes)[number];

/** One line of the ledger: it is written and never changed. */
export type ConsentEntry = {
  readonly id: number;
  readonly customerId: string;
  readonly purpose: ConsentPurpose;
  /** Of the text that was shown. */
  readonly version: string;
  readonly isGranted: boolean;
  readonly recordedAt: Date;
};

/** Nobody changes their mind as often: more lines come from a program, and would grow a table nobody may prune. */
export const maxConsentEntries = 1_000;

/** How things stand for one purpose. */
export type Consent = {
  readonly purpose: ConsentPurpose;
  readonly version: string;
  readonly isGranted: boolean;
  readonly grantedAt: Date | null;
  readonly withdrawnAt: Date | null;
};

/** The standing of each purpose that the ledger names, in the order of purposes; entries in their order. */
export const standingOf = (entries: readonly ConsentEntry[]): Consent[] => {
  const standing = new Map<ConsentPurpose, Consent>();
  for (const { purpose, version, isGranted, recordedAt } of entries) {
    const grantedAt = isGranted ? recordedAt : (standing.get(purpose)?.grantedAt ?? null);
    standing.set(purpose, {
      ...{ purpose, version, isGranted, grantedAt },
      withdrawnAt: isGranted ? null : recordedAt,
    });
  }
  return consentPurposes.flatMap((purpose) => standing.get(purpose) ?? []);
};

/** Whether a statement changes how things stand; saying the same again writes nothing. */
export const isNews = (
  standing: readonly Consent[],
  said: { readonly purpose: ConsentPurpose; readonly version: string; readonly isGranted: boolean },
): boolean => {
  const now = standing.find(({ purpose }) => purpose === said.purpose);
  if (!now) return true;
  return now.isGranted !== said.isGranted || (said.isGranted && now.version !== said.version);
};

/** How the shop may turn to a customer with offers. */
export const marketingChannels = ['EMAIL', 'SMS', 'PUSH', 'POST'] as const;
export type MarketingChannel = (typeof marketingChannels)[number];

const purposeOf = (channel: MarketingChannel): ConsentPurpose => `MARKETING_${channel}`;

/** What a person has not agreed to of what the channels need. */
export const missingFor = (
  channels: readonly MarketingChannel[],
  standing: readonly Consent[],
): ConsentPurpose[] => {
  const granted = new Set(standing.filter(({ isGranted }) => isGranted).map(({ purpose }) => purpose));
  return channels.map(purposeOf).filter((purpose) => !granted.has(purpose));
};

/** The channels that stay when consent to one purpose is withdrawn. */
export const channelsWithout = (
  channels: readonly MarketingChannel[],
  purpose: ConsentPurpose,
): MarketingChannel[] => channels.filter((channel) => purposeOf(channel) !== purpose);

/** A page of the ledger, the newest line first. */
export type ConsentPage = {
  readonly entries: readonly ConsentEntry[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

/** Where a page of the ledger begins, as a client hands it back. */
export const consentCursorOf = (id: number): string => Buffer.from(`consent ${id}`).toString('base64url');

/** The line a cursor stands for; null for what is none. */
export const consentOfCursor = (cursor: string): number | null => {
  const [, digits] = /^consent ([1-9]\d{0,14})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return digits === undefined ? null : Number(digits);
};
