import { append } from '@storegraph/events';
import { isUniqueViolation } from '@storegraph/postgres';
import { actorOf, emailKeyOf } from './account-domain.ts';
import { mailSubjects } from './attempt-domain.ts';
import { audit } from './audit-repository.ts';
import { asOwner } from './change-service.ts';
import * as inputs from './inputs.ts';
import { endLinks, openLink, useLink } from './link-repository.ts';
import { checkPassword } from './password-service.ts';
import { linkRefused } from './refusal-domain.ts';
import { saveEmail } from './repository.ts';
import type { IdentityNeeds } from './service.ts';

/** The address of an account: changed where it is signed in, by whoever reads the mails to the new one. */
export const createEmails = (needs: IdentityNeeds) => {
  const { change, secrets, attempts, post } = needs;
  const confirm = change('emailChangeConfirm', inputs.emailChangeConfirm, {
    decide: asOwner(async (tx, { account }, { token }: { readonly token: string }) => {
      const id = secrets.idOf('link', token);
      const link = id === null ? null : await openLink(tx, id);
      const email = link?.newEmail;
      if (!link || link.accountId !== account.id || typeof email !== 'string') return linkRefused();
      if (!(await useLink(tx, link.id))) return linkRefused();
      // Somebody else has taken the address meanwhile.
      if (!(await saveEmail(tx, account.id, { email, emailKey: emailKeyOf(email) }))) return linkRefused();
      await endLinks(tx, account.id);
      if (account.role === 'customer')
        append(tx, [
          { type: 'account.email_changed', aggregateId: account.id, data: { customerId: account.id } },
        ]);
      audit(tx, [{ actor: actorOf(account), action: 'email_changed', subjectId: account.id }]);
      await post(tx, { kind: 'EMAIL_CHANGED', account });
      return { __typename: 'EmailChanged' as const, email };
    }),
  });

  return {
    requestChange: change('emailChangeRequest', inputs.emailChangeRequest, {
      before: async ({ password }, asking) => {
        const delayed = await attempts.take(mailSubjects(asking.address));
        return delayed ? { refusal: delayed } : checkPassword(needs, asking, password);
      },
      decide: asOwner(async (tx, { account }, { newEmail }: { readonly newEmail: string }) => {
        await post(tx, { kind: 'EMAIL_CHANGE', account, email: newEmail });
        return { __typename: 'EmailChangeRequested' as const, newEmail };
      }),
    }),

    confirmChange: async (...asked: Parameters<typeof confirm>) => {
      try {
        return await confirm(...asked);
      } catch (error) {
        // Two confirm one address at once: the other was first.
        if (isUniqueViolation(error, 'accounts_email_key_key')) return linkRefused();
        throw error;
      }
    },
  };
};
