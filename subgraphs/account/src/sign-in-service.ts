import { emailKeyOf, isOpen } from './account-domain.ts';
import { codeSubjects, signInSubjects } from './attempt-domain.ts';
import * as inputs from './inputs.ts';
import { challengeEnded, codeRefused, credentialsRefused } from './refusal-domain.ts';
import { accountByEmail, lockAccount } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { countWrongCode, openChallenge, useChallenge } from './session-repository.ts';
import { auditRefused, openOrChallenge, openSession } from './session-service.ts';
import { guestOf } from './sign-up-service.ts';
import { takeCode } from './totp-service.ts';

/** Sign-in by password, and by the second factor where there is one. */
export const createSignIn = (needs: IdentityNeeds) => {
  const { db, change, secrets, passwords, attempts, finish, noteRefused } = needs;

  const signIn = change('signIn', inputs.signIn, {
    before: async ({ email, password, deviceToken }, { address }) => {
      const emailKey = emailKeyOf(email);
      const deviceId = deviceToken === null ? null : secrets.deviceOf(emailKey, deviceToken);
      const subjects = signInSubjects({ emailKey, address, deviceId });
      const delayed = await attempts.take(subjects);
      if (delayed) {
        await noteRefused({ emailKey, isDelayed: true });
        return { refusal: delayed };
      }
      const account = await accountByEmail(db, emailKey);
      // As much is computed for an address that has no account.
      const fits = await passwords.fits(account?.passwordHash ?? null, password);
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
      if (!isOpen(account)) return challengeEnded();
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

  return {
    signIn: async (...asked: Parameters<typeof signIn>) => finish(await signIn(...asked)),
    confirm: async (...asked: Parameters<typeof confirm>) => finish(await confirm(...asked)),
  };
};
