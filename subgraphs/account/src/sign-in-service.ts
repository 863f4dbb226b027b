import { isReplay } from '@storegraph/idempotency';
import { parseInput } from '@storegraph/server';
import { emailKeyOf, isOpen } from './account-domain.ts';
import { codeSubjects, signInSubjects } from './attempt-domain.ts';
import type { Asking } from './change-service.ts';
import * as inputs from './inputs.ts';
import { challengeEnded, codeRefused, credentialsRefused } from './refusal-domain.ts';
import { accountByEmail, lockAccount } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { countWrongCode, openChallenge, useChallenge } from './session-repository.ts';
import { auditRefused, openOrChallenge, openSession } from './session-service.ts';
import { guestOf } from './sign-up-service.ts';
import { takeCode } from './totp-service.ts';

type Attempt = { readonly email: string; readonly deviceToken: string | null };

/** Sign-in by password, and by the second factor where there is one. */
export const createSignIn = (needs: IdentityNeeds) => ({
  signIn: signInBy(needs),
  confirm: confirmBy(needs),
});

const signInBy = (needs: IdentityNeeds) => {
  const { db, change, secrets, passwords, attempts, finish, noteRefused } = needs;

  const countedOf = ({ email, deviceToken }: Attempt, { address }: Asking) => {
    const emailKey = emailKeyOf(email);
    const deviceId = deviceToken === null ? null : secrets.deviceOf(emailKey, deviceToken);
    return { emailKey, deviceId, subjects: signInSubjects({ emailKey, address, deviceId }) };
  };

  const verifyAndOpen = change('signIn', inputs.signIn, {
    before: async (command, asking) => {
      const { emailKey, deviceId, subjects } = countedOf(command, asking);
      const account = await accountByEmail(db, emailKey);
      // As much is computed for an address that has no account.
      const fits = await passwords.fits(account?.passwordHash ?? null, command.password);
      if (!fits || !isOpen(account)) {
        await noteRefused({ emailKey, isDelayed: false });
        return { refusal: credentialsRefused() };
      }
      // With a second factor it is not done yet, and who tries passwords must not begin anew by knowing one.
      if (account.totpEnabledAt === null || deviceId !== null) await attempts.succeeded(db, subjects);
      return { ready: account };
    },
    decide: async (tx, { deviceName }, asking, verified) => {
      const account = await lockAccount(tx, verified.id);
      // It was changed since it was found to fit.
      if (!isOpen(account) || account.passwordHash !== verified.passwordHash) {
        auditRefused(tx, verified.id, 'password');
        return credentialsRefused();
      }
      const guest = guestOf(asking);
      return openOrChallenge(tx, {
        ...{ account, deviceName, by: 'password', guestIds: guest === null ? [] : [guest] },
      });
    },
  });

  /** Counted before what is kept under a key is looked at: a guess under a key that is known is one like any other. */
  return async (asking: Asking, input: object) => {
    const parsed = parseInput(inputs.signIn, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { emailKey, subjects } = countedOf(parsed.input, asking);
    const delayed = await attempts.take(subjects);
    if (delayed) {
      await noteRefused({ emailKey, isDelayed: true });
      return delayed;
    }
    const outcome = await verifyAndOpen(asking, input);
    if (outcome.__typename === 'IdempotencyConflict') await noteRefused({ emailKey, isDelayed: false });
    // Who sends it again knew the password then.
    if (outcome.__typename === 'SignedIn' && isReplay(outcome)) await attempts.succeeded(db, subjects);
    return finish(outcome);
  };
};

const confirmBy = (needs: IdentityNeeds) => {
  const { db, change, secrets, attempts, finish, noteRefused } = needs;
  const confirm = change('signInConfirm', inputs.signInConfirm, {
    before: async ({ challenge: token }) => {
      const id = secrets.idOf('challenge', token);
      const challenge = id === null ? null : await openChallenge(db, id);
      if (!challenge) return { refusal: challengeEnded() };
      const delayed = await attempts.take(codeSubjects(challenge.accountId));
      if (!delayed) return { ready: challenge };
      await noteRefused({ accountId: challenge.accountId, isDelayed: true });
      return { refusal: delayed };
    },
    decide: async (tx, { code }, asking, { id, accountId, guestId, deviceName }) => {
      const account = await lockAccount(tx, accountId);
      // Whose second factor was switched off meanwhile has no code to send.
      if (!isOpen(account) || account.totpEnabledAt === null) return challengeEnded();
      // Five at once find the challenge open: whoever holds the account looks again.
      if (!(await openChallenge(tx, id))) return challengeEnded();
      if (!(await takeCode(tx, needs, { account, code, takesRecovery: true }))) {
        await countWrongCode(tx, id);
        // Few get here, each with the right password, so each has an entry of its own.
        auditRefused(tx, accountId, 'second factor');
        return codeRefused();
      }
      if (!(await useChallenge(tx, id))) return challengeEnded();
      const { emailKey } = account;
      const subjects = signInSubjects({ emailKey, address: asking.address, deviceId: null });
      await attempts.succeeded(tx, [...subjects, ...codeSubjects(accountId)]);
      const guestIds = [...new Set([guestOf(asking), guestId])].filter((guest) => guest !== null);
      return openSession(tx, { account, deviceName, guestIds, by: 'second factor' });
    },
  });

  return async (...asked: Parameters<typeof confirm>) => finish(await confirm(...asked));
};
