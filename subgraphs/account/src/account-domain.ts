/** What an account is, and what its address and password may be. */

export type AccountRole = 'customer' | StaffRole;
export type StaffRole = 'support' | 'merchandiser' | 'warehouse' | 'finance' | 'admin';
export type AccountState = 'ACTIVE' | 'SUSPENDED' | 'ERASED';

export type Account = {
  readonly id: string;
  readonly role: AccountRole;
  readonly state: AccountState;
  readonly email: string | null;
  readonly emailKey: string | null;
  readonly name: string | null;
  readonly passwordHash: string | null;
  readonly passwordChangedAt: Date;
  readonly emailVerifiedAt: Date;
  readonly createdAt: Date;
  readonly totpId: string | null;
  readonly totpKey: string | null;
  readonly totpEnabledAt: Date | null;
  readonly totpLastStep: number;
  readonly recoveryId: string | null;
  readonly recoveryUsed: number;
};

/** What an account says of a second factor when there is none. */
export const noSecondFactor = {
  ...{ totpId: null, totpKey: null, totpEnabledAt: null },
  ...{ recoveryId: null, recoveryUsed: 0 },
} as const;

/** A customer by the id, which is read through the one door; or the row, which whoever hands it on has a right to. */
export type CustomerReference = { readonly id: string } | Account;

/** An account that is in use has an address. */
export type OpenAccount = Account & { readonly email: string; readonly emailKey: string };

export const isOpen = (account: Account | null): account is OpenAccount =>
  account !== null && account.state === 'ACTIVE' && account.email !== null;

/** Who an account is in tokens, audit entries and idempotency keys. */
export const actorOf = ({ role, id }: Pick<Account, 'role' | 'id'>): string =>
  `${role === 'customer' ? 'customer' : 'staff'}:${id}`;

/** RFC 5321 allows no more. */
const maxEmailLength = 254;
const maxLocalLength = 64;

/** The address as it was written, without blanks around it. */
export const emailOf = (text: string): string => text.trim().normalize('NFC');

/**
 * How addresses are compared: in small letters. Nobody gives two people addresses that differ by those, and people
 * write theirs in any.
 */
export const emailKeyOf = (email: string): string => emailOf(email).toLowerCase();

/** Whether a mail could be sent there; whether it arrives is found out by sending one. */
export const isEmail = (text: string): boolean => {
  const email = emailOf(text);
  const at = email.lastIndexOf('@');
  return (
    email.length <= maxEmailLength &&
    at <= maxLocalLength &&
    /^[^\s@"(),:;<>[\\\]\p{C}]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u.test(
      email,
    ) &&
    !/^\.|\.\.|\.@/.test(email)
  );
};

const minPasswordLength = 10;
/** A sentence fits; more would only be work for the hash. */
const maxPasswordLength = 200;

/** What everybody tries first, of those long enough; a check against whole lists belongs where they can be asked. */
const commonPasswords = new Set(
  '1234567890 0123456789 0987654321 12345678910 123456789a 1234567891 1111111111 0000000000 qwertyuiop asdfghjkl1 1q2w3e4r5t 1qaz2wsx3edc qwerty12345 qwerty123456 password12 password123 password1234 passw0rd123 iloveyou12 letmein123 welcome123 administrator changeme123 storegraph'.split(
    ' ',
  ),
);

/** Why a password is not taken; null when it is. Length is what helps; signs and digits are nobody's duty. */
export const passwordProblem = (password: string, email: string | null): string | null => {
  const length = [...password].length;
  if (length < minPasswordLength) return `must have at least ${minPasswordLength} characters`;
  if (length > maxPasswordLength) return `must have at most ${maxPasswordLength} characters`;
  const small = password.toLowerCase();
  if (commonPasswords.has(small) || new Set(small).size < 4) return 'is one of those that are tried first';
  if (email !== null && [emailKeyOf(email), emailKeyOf(email).split('@')[0]].includes(small))
    return 'must not be the e-mail address';
  return null;
};
