import type { Database } from '@storegraph/postgres';
import type { Keys } from '@storegraph/server';
import type { Passwords } from './argon2.ts';
import { type Attempts, createAttempts } from './attempt-service.ts';
import { type Change, createChange } from './change-service.ts';
import { createEmails } from './email-service.ts';
import { createGuests } from './guest-service.ts';
import { createIdentities } from './identity-service.ts';
import type { Post } from './mail-service.ts';
import type { Providers } from './openid.ts';
import { createPasswords } from './password-service.ts';
import { createRefusedSignIns, type NoteRefused } from './refused-sign-in-service.ts';
import { createResets } from './reset-service.ts';
import { createSecondFactors } from './second-factor-service.ts';
import type { Secrets } from './secrets-domain.ts';
import { createFinish, createSessions, type Finish } from './session-service.ts';
import { createSignIn } from './sign-in-service.ts';
import { createSignUp } from './sign-up-service.ts';
import { createStaff } from './staff-service.ts';
import { createTotp } from './totp-service.ts';

type Needs = {
  readonly db: Database;
  readonly secrets: Secrets;
  /** Read at each use, since they change while the process runs. */
  readonly keys: Keys;
  readonly passwords: Passwords;
  readonly providers: Providers;
  readonly post: Post;
  /** What authenticators show. */
  readonly shopName: string;
};

/** What the services of identity share. */
export type IdentityNeeds = Needs & {
  readonly change: Change;
  readonly attempts: Attempts;
  readonly finish: Finish;
  readonly noteRefused: NoteRefused;
};

/** Everything that changes who somebody is to us. */
export const createAccounts = (given: Needs) => {
  const needs = {
    ...given,
    change: createChange(given),
    attempts: createAttempts(given),
    finish: createFinish(given),
    noteRefused: createRefusedSignIns(given.db),
  };
  return {
    guests: createGuests(needs),
    signUps: createSignUp(needs),
    signIns: createSignIn(needs),
    sessions: createSessions(needs),
    passwords: createPasswords(needs),
    resets: createResets(needs),
    emails: createEmails(needs),
    totp: createTotp(needs),
    secondFactors: createSecondFactors(needs),
    identities: createIdentities(needs),
    staff: createStaff(needs),
    providers: given.providers.list,
  };
};

export type Accounts = ReturnType<typeof createAccounts>;
