import { append } from '@storegraph/events';
import { newId } from '@storegraph/postgres';
import { invalidInput } from '@storegraph/server';
import { emailKeyOf, isOpen, passwordProblem } from './account-domain.ts';
import { mailSubjects, type Subject } from './attempt-domain.ts';
import { audit } from './audit-repository.ts';
import type { Asking } from './change-service.ts';
import * as inputs from './inputs.ts';
import { insertSignUp, openSignUp, openSignUpsOf, type SignUpRow, useSignUp } from './link-repository.ts';
import { linkHours } from './mail-domain.ts';
import { credentialsRefused, linkRefused } from './refusal-domain.ts';
import { accountById, insertAccount, isId } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { openSession } from './session-service.ts';

/** The guest who asks, if it is one. */
export const guestOf = ({ viewer }: Asking): string | null =>
  viewer.kind === 'guest' && isId(viewer.id) ? viewer.id : null;

/** Whoever was crowded out by more signs up again, and is the latest then. */
const maxOthers = 5;

/** A sign-up with a wrong password: nobody else has its token, so nobody else is held up. */
const signUpSubjects = (signUpId: string): Subject[] => [
  { name: `sign-up ${signUpId}`, free: 5, isOwn: true },
];

/** From an address and a password to an account. Up to the mail, all goes the same way whether there is one or not. */
export const createSignUp = ({ db, change, secrets, passwords, attempts, finish, post }: IdentityNeeds) => {
  /**
   * The sign-up that a password was chosen for. Any mail to the address proves it, so that whoever fills a mailbox with
   * sign-ups of theirs keeps nobody else from confirming.
   */
  const chosen = async (token: SignUpRow, password: string): Promise<SignUpRow | null> => {
    const others = await openSignUpsOf(db, token.emailKey, maxOthers);
    for (const one of [token, ...others.filter(({ id }) => id !== token.id)])
      if (await passwords.fits(one.passwordHash, password)) return one;
    return null;
  };

  const verify = change('emailVerify', inputs.emailVerify, {
    before: async ({ token, password }) => {
      const id = secrets.idOf('sign-up', token);
      const proof = id === null ? null : await openSignUp(db, id);
      if (!proof) return { refusal: linkRefused() };
      const delayed = await attempts.take(signUpSubjects(proof.id));
      if (delayed) return { refusal: delayed };
      const signUp = await chosen(proof, password);
      return signUp ? { ready: { proof, signUp } } : { refusal: credentialsRefused() };
    },
    decide: async (tx, { deviceName }, asking, { proof, signUp }) => {
      const { email, emailKey, passwordHash } = signUp;
      const id = newId();
      if (!(await useSignUp(tx, signUp.id))) return linkRefused();
      if (proof.id !== signUp.id && !(await useSignUp(tx, proof.id))) return linkRefused();
      // Somebody was faster with another sign-up of this address.
      const isMade = await insertAccount(tx, {
        id,
        role: 'customer',
        email,
        emailKey,
        name: null,
        passwordHash,
      });
      const account = isMade ? await accountById(tx, id) : null;
      if (!isOpen(account)) return linkRefused();
      append(tx, [{ type: 'account.customer_created', aggregateId: id, data: { customerId: id } }]);
      audit(tx, [
        { actor: `customer:${id}`, action: 'account_created', subjectId: id, details: { by: 'sign-up' } },
      ]);
      // Whoever began on one device and confirms on another has filled a cart on both.
      const guestIds = [...new Set([guestOf(asking), signUp.guestId])].filter((guest) => guest !== null);
      return openSession(tx, { account, deviceName, guestIds, by: 'sign-up' });
    },
  });

  return {
    signUp: change('signUp', inputs.signUp, {
      before: async ({ email, password }, { address }) => {
        const problem = passwordProblem(password, email);
        if (problem !== null) return { refusal: invalidInput([{ path: ['password'], message: problem }]) };
        const delayed = await attempts.take(mailSubjects(address));
        return delayed ? { refusal: delayed } : { ready: await passwords.hash(password) };
      },
      decide: async (tx, { email }, asking, passwordHash) => {
        const id = newId();
        const emailKey = emailKeyOf(email);
        await insertSignUp(
          tx,
          { id, email, emailKey, passwordHash, guestId: guestOf(asking) },
          linkHours.SIGN_UP,
        );
        await post(tx, { kind: 'SIGN_UP', email, signUpId: id });
        return { __typename: 'SignUpAccepted' as const, email };
      },
    }),

    verify: async (...asked: Parameters<typeof verify>) => finish(await verify(...asked)),
  };
};
