/**
 * How attempts are counted. Who guesses is slowed down wherever the guesses come from, and whoever has an account is
 * not locked out by them: a device that was signed in before has a count of its own, and a mail opens the way for a
 * new one.
 */
export type Subject = {
  /** What attempts have in common. */
  readonly name: string;
  /** How many fail before the first wait; each one after doubles it. */
  readonly free: number;
  /** Whether success takes back all failures, or its own count alone. */
  readonly isOwn: boolean;
};

/** The longest wait: it makes guessing hopeless, and is short enough to be waited for. */
export const maxWaitSeconds = 900;

/** What failed longer ago than this counts no more. */
export const memory = '1 hour';

/** Fingers slip, and people have several passwords. */
const freeForOne = 5;
const freeForDevice = 10;
/** An office, or a mobile network, is one address to us. */
const freeForAddress = 30;
const freeForEmail = 30;
const freeMails = 20;
const freeFlows = 60;
const freeCodes = 10;

/**
 * Whom an address stands for. A household is given a whole /64 of IPv6, so that one person has more addresses than
 * could ever be counted one by one.
 */
export const networkOf = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
};

/** A sign-in with a password. Without an address, as the house asks itself, the account alone is counted. */
export const signInSubjects = ({
  emailKey,
  address,
  deviceId,
}: {
  readonly emailKey: string;
  readonly address: string | null;
  readonly deviceId: string | null;
}): Subject[] => {
  if (deviceId !== null) return [{ name: `device ${deviceId}`, free: freeForDevice, isOwn: true }];
  const email = { name: `email ${emailKey}`, free: freeForEmail, isOwn: false };
  if (address === null) return [email];
  const network = networkOf(address);
  return [
    email,
    { name: `pair ${emailKey} ${network}`, free: freeForOne, isOwn: true },
    { name: `address ${network}`, free: freeForAddress, isOwn: false },
  ];
};

/** A password or code asked of a session that is open: whoever has stolen it shall not find the password by it. */
export const sessionSubjects = (sessionId: string): Subject[] => [
  { name: `session ${sessionId}`, free: freeForOne, isOwn: true },
];

/** A second factor; only who knows the password gets here. */
export const codeSubjects = (accountId: string): Subject[] => [
  { name: `codes ${accountId}`, free: freeCodes, isOwn: true },
];

/** Something that makes us send a mail. */
export const mailSubjects = (address: string | null): Subject[] =>
  address === null ? [] : [{ name: `mails ${networkOf(address)}`, free: freeMails, isOwn: false }];

/** Something that makes us remember a way to a provider. */
export const flowSubjects = (address: string | null): Subject[] =>
  address === null ? [] : [{ name: `flows ${networkOf(address)}`, free: freeFlows, isOwn: false }];

/** What a mail to the owner opens again: all that strangers can have counted against the account. */
export const ownerSubjects = (accountId: string, emailKey: string): string[] => [
  `email ${emailKey}`,
  `codes ${accountId}`,
];

export type AttemptDelayed = {
  readonly __typename: 'AttemptDelayed';
  readonly message: string;
  readonly retryAfterSeconds: number;
};

export const attemptDelayed = (retryAfterSeconds: number): AttemptDelayed => ({
  __typename: 'AttemptDelayed',
  message: `There were many attempts: try again in ${retryAfterSeconds} s.`,
  retryAfterSeconds,
});
