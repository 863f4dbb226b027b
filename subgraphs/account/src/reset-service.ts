import type { Transaction } from '@storegraph/postgres';
import { actorOf, isOpen } from './account-domain.ts';
import { mailSubjects, ownerSubjects } from './attempt-domain.ts';
import { audit } from './audit-repository.ts';
import { whole } from './change-service.ts';
import * as inputs from './inputs.ts';
import { endLinks, type LinkRow, openLink, useLink } from './link-repository.ts';
import { hashNew } from './password-service.ts';
import { linkRefused } from './refusal-domain.ts';
import { accountById, lockAccount, savePassword } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { endSessions } from './session-end-service.ts';

/** Passwords, set anew by whoever reads the mail. */
export const createResets = (needs: IdentityNeeds) => {
  const { db, change, secrets, passwords, attempts, post } = needs;

  const resetBy = async (tx: Transaction, link: LinkRow, passwordHash: string) => {
    const account = await lockAccount(tx, link.accountId);
    if (!isOpen(account) || !(await useLink(tx, link.id))) return linkRefused();
    await savePassword(tx, account.id, passwordHash);
    await endSessions(tx, account.id);
    await endLinks(tx, account.id);
    await attempts.forget(tx, ownerSubjects(account.id, account.emailKey));
    audit(tx, [{ actor: actorOf(account), action: 'password_reset', subjectId: account.id }]);
    if (link.purpose === 'RESET') await post(tx, { kind: 'PASSWORD_CHANGED', account });
    // The link's id stands for the device, which was never signed in yet.
    return { __typename: 'PasswordReset' as const, accountId: account.id, deviceId: link.id };
  };

  const reset = change('passwordReset', inputs.passwordReset, {
    before: async ({ token, newPassword }) => {
      const id = secrets.idOf('link', token);
      const link = id === null ? null : await openLink(db, id);
      const account = link && link.purpose !== 'EMAIL_CHANGE' ? await accountById(db, link.accountId) : null;
      if (!link || !isOpen(account)) return { refusal: linkRefused() };
      const hashed = await hashNew(passwords, newPassword, account.email);
      return 'refusal' in hashed ? hashed : { ready: { link, passwordHash: hashed.ready } };
    },
    decide: (tx, _command, _asking, { link, passwordHash }) => resetBy(tx, link, passwordHash),
  });

  return {
    request: change('passwordResetRequest', inputs.passwordResetRequest, {
      before: async (_command, { address }) => {
        const delayed = await attempts.take(mailSubjects(address));
        return delayed ? { refusal: delayed } : { ready: null };
      },
      decide: async (tx, { email }) => {
        await post(tx, { kind: 'PASSWORD_RESET', email });
        return { __typename: 'PasswordResetRequested' as const, email };
      },
    }),

    reset: async (...asked: Parameters<typeof reset>) => {
      const outcome = await reset(...asked);
      if (outcome.__typename !== 'PasswordReset') return outcome;
      const account = await accountById(db, outcome.accountId);
      const deviceToken = secrets.deviceToken(account?.emailKey ?? '', outcome.deviceId);
      return whole(outcome, { __typename: outcome.__typename, deviceToken });
    },
  };
};
