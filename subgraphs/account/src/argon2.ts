import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Argon2id with 19 MiB, two passes, one lane: what OWASP recommends at least, and the library's own default. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Two cores are busy for a second with these; who comes later is told to come again. */
const maxWaiting = 64;

/** More hashes are asked for than can be computed in good time. */
class HashingBusyError extends Error {
  override name = 'HashingBusyError';
  readonly code = 'BUSY';
}

/** Keeps passwords as what cannot be turned back into them. */
export type Passwords = {
  readonly hash: (password: string) => Promise<string>;
  /** Where there is no hash, as much is computed, so that time does not tell. */
  readonly fits: (passwordHash: string | null, password: string) => Promise<boolean>;
};

/** Passwords by Argon2id, of which only so many are computed at a time. */
export const openPasswords = async (): Promise<Passwords> => {
  const nobodys = await hash(randomBytes(32), cost);
  let waiting = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    if (waiting >= maxWaiting)
      throw new HashingBusyError(`${maxWaiting} passwords wait to be hashed already.`);
    waiting += 1;
    try {
      return await work();
    } finally {
      waiting -= 1;
    }
  };
  return {
    hash: (password) => counted(() => hash(password.normalize('NFC'), cost)),
    fits: (passwordHash, password) =>
      counted(async () => {
        const isIt = await verify(passwordHash ?? nobodys, password.normalize('NFC'));
        return isIt && passwordHash !== null;
      }),
  };
};
