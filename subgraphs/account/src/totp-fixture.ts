import { type Answer, goodPassword, type OpenAccounts, secretOf } from './account-fixture.ts';
import { codeOf, stepAt } from './totp-domain.ts';

/** Codes of the steps that are taken now: each counts once, so a test has three. */
export const codesOf = (secret: string): string[] =>
  [-1, 0, 1].map((drift) => codeOf(secretOf(secret), stepAt(Date.now()) + drift));

/** Sets up a second factor for somebody who is signed in, and uses the first of three codes. */
export const guard = async (shop: OpenAccounts, signedIn: Answer): Promise<Answer> => {
  const viewer = await shop.viewerOf(signedIn);
  const { secret, uri } = await shop.change('totpEnroll', { password: goodPassword }, { viewer });
  const [first = '', second = '', third = ''] = codesOf(secret);
  const { recoveryCodes } = await shop.change('totpConfirm', { code: first }, { viewer });
  return { ...signedIn, viewer, secret, uri, codes: { first, second, third }, recoveryCodes };
};
