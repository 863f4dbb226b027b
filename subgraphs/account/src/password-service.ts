import { type InvalidInput, invalidInput } from '@storegraph/server';
import { actorOf, passwordProblem } from './account-domain.ts';
import type { Passwords } from './argon2.ts';
import { type AttemptDelayed, sessionSubjects } from './attempt-domain.ts';
import { audit } from './audit-repository.ts';
import { type Asking, asOwner, type Owner, ownerOf } from './change-service.ts';
import * as inputs from './inputs.ts';
import { endLinks } from './link-repository.ts';
import { passwordRefused, sessionEnded } from './refusal-domain.ts';
import { savePassword } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { endSessions } from './session-end-service.ts';

/** Kept as text, since what is kept for repeats is JSON. */
export type PasswordChangedOutcome = { readonly changedAt: string };

/** A session this young has proved who it is where there is no password to ask for. */
const freshMs = 15 * 60_000;

type PasswordCheck =
  | {
      readonly refusal: AttemptDelayed | ReturnType<typeof sessionEnded> | ReturnType<typeof passwordRefused>;
    }
  | { readonly ready: Owner };

/** Asks for the password of the account that asks, since a session alone can be a stolen one. */
export const checkPassword = async (
  { db, attempts, passwords }: Pick<IdentityNeeds, 'db' | 'attempts' | 'passwords'>,
  { viewer }: Asking,
  password: string,
): Promise<PasswordCheck> => {
  const owner = await ownerOf(db, viewer);
  if (!owner) return { refusal: sessionEnded() };
  const subjects = sessionSubjects(owner.session?.id ?? owner.account.id);
  const delayed = await attempts.take(subjects);
  if (delayed) return { refusal: delayed };
  if (!(await passwords.fits(owner.account.passwordHash, password))) return { refusal: passwordRefused() };
  await attempts.succeeded(db, subjects);
  return { ready: owner };
};

/** Hashes a password that is to be set; the refusal when it is not taken. */
export const hashNew = async (
  passwords: Passwords,
  newPassword: string,
  email: string,
): Promise<{ readonly refusal: InvalidInput } | { readonly ready: string }> => {
  const problem = passwordProblem(newPassword, email);
  if (problem !== null) return { refusal: invalidInput([{ path: ['newPassword'], message: problem }]) };
  return { ready: await passwords.hash(newPassword) };
};

/** Passwords, changed by whoever knows the one before. */
export const createPasswords = (needs: IdentityNeeds) => {
  const { db, change, passwords, post } = needs;

  /** Finds out whether the password may be set; without one before, the session must be a new one. */
  const mayChange = async (asking: Asking, currentPassword: string | null): Promise<PasswordCheck> => {
    const owner = await ownerOf(db, asking.viewer);
    if (!owner) return { refusal: sessionEnded() };
    if (owner.account.passwordHash !== null) return checkPassword(needs, asking, currentPassword ?? '');
    const isFresh = owner.session !== null && Date.now() - owner.session.createdAt.getTime() < freshMs;
    return isFresh ? { ready: owner } : { refusal: sessionEnded() };
  };

  return {
    change: change('passwordChange', inputs.passwordChange, {
      before: async ({ currentPassword, newPassword }, asking) => {
        const checked = await mayChange(asking, currentPassword);
        if ('refusal' in checked) return checked;
        const { account } = checked.ready;
        const hashed = await hashNew(passwords, newPassword, account.email);
        return 'refusal' in hashed
          ? hashed
          : { ready: { before: account.passwordHash, passwordHash: hashed.ready } };
      },
      decide: (tx, command, asking, { before, passwordHash }) =>
        asOwner(async (held, { account, session }) => {
          // Somebody else has changed it since it was found to fit.
          if (account.passwordHash !== before) return passwordRefused();
          const changedAt = await savePassword(held, account.id, passwordHash);
          await endSessions(held, account.id, session?.id ?? null);
          await endLinks(held, account.id);
          audit(held, [{ actor: actorOf(account), action: 'password_changed', subjectId: account.id }]);
          await post(held, { kind: 'PASSWORD_CHANGED', account });
          return { __typename: 'PasswordChanged' as const, changedAt: changedAt.toISOString() };
        })(tx, command, asking),
    }),
  };
};
