/** The expected refusals, each with the one sentence it is told by. */

const refusal = <Name extends string>(name: Name, message: string) =>
  ({ __typename: name, message }) as const;

export const credentialsRefused = () =>
  refusal(
    'CredentialsRefused',
    'The e-mail address or the password is not right: try again, or ask for a mail to set a new one.',
  );

export const passwordRefused = () => refusal('CredentialsRefused', 'The password is not right: try again.');

export const codeRefused = () =>
  refusal('CodeRefused', 'The code is wrong or was used before: wait for the next one and send that.');

export const challengeEnded = () =>
  refusal('ChallengeEnded', 'This sign-in took too long or had too many wrong codes: begin anew.');

export const linkRefused = () =>
  refusal('LinkRefused', 'The token is wrong, was used before, or has ended: ask for a new mail.');

export const sessionEnded = () =>
  refusal('SessionEnded', 'The session has ended, or there is none: sign in.');

export const sessionNotFound = (sessionId: string) =>
  ({
    ...refusal('SessionNotFound', 'There is no such session among yours: read the list again.'),
    sessionId,
  }) as const;

export const totpAlreadyEnabled = () =>
  refusal('TotpAlreadyEnabled', 'The second factor is on already: switch it off first.');

export const emailTaken = (email: string) =>
  ({ ...refusal('EmailTaken', 'Somebody has this address already: take another.'), email }) as const;

export const accountNotFound = (accountId: string) =>
  ({ ...refusal('AccountNotFound', 'There is no such account: look at the id.'), accountId }) as const;

export const notOneself = () =>
  refusal('NotOneself', 'Nobody does this to their own account: ask another administrator.');

export const providerRefused = (provider: string, message: string) =>
  ({ ...refusal('ProviderRefused', message), provider }) as const;

/** Why an identity is not taken. */
export const identityRefusals = {
  NOT_FINISHED: 'What came back does not fit what was begun, or was used before: begin anew.',
  EMAIL_NOT_VERIFIED: 'The provider does not vouch for an e-mail address: sign up with a password.',
  LINK_FIRST: 'The address has an account already: sign in to it, and link the identity there.',
  LINKED_ELSEWHERE: 'The identity is linked to another account: unlink it there first.',
  ACCOUNT_CLOSED: 'The account may not sign in: write to the shop.',
  NOT_LINKED: 'There is no such identity on your account: read the list again.',
  ONLY_WAY_IN: 'The identity is the only way into your account: set a password first.',
} as const;

export const identityRefused = (reason: keyof typeof identityRefusals) =>
  ({ ...refusal('IdentityRefused', identityRefusals[reason]), reason }) as const;
