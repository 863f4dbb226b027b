/** What mails say. They are plain text: a token to paste, and a link where the shop has told where its pages are. */

export type MailKind =
  | 'SIGN_UP'
  | 'PASSWORD_RESET'
  | 'INVITE'
  | 'EMAIL_CHANGE'
  | 'PASSWORD_CHANGED'
  | 'EMAIL_CHANGED'
  | 'TOTP_ENABLED'
  | 'TOTP_DISABLED'
  | 'TOTP_REMOVED'
  | 'SESSION_COPIED'
  | 'DATA_EXPORTED'
  | 'ERASURE_REQUESTED'
  | 'ERASURE_BEGUN';

export type WrittenMail = { readonly subject: string; readonly body: string };

/** Where links lead to; null when they are left out. */
export type Shop = { readonly name: string; readonly storefrontUrl: string | null };

/** How long what a mail asks to confirm can be confirmed. */
export const linkHours = { SIGN_UP: 24, RESET: 1, INVITE: 72, EMAIL_CHANGE: 24 } as const;

/** More of one kind to one address within an hour are not sent: somebody else asks for them. */
export const maxMailsAnHour = 5;

/** After so many failures a mail is given up: the pauses between them add up to a day. */
export const maxTries = 12;

/** Seconds until the next try: a minute, then twice as long each time, at most four hours. */
export const pauseSeconds = (tries: number): number => Math.min(60 * 2 ** Math.max(0, tries - 1), 4 * 3_600);

const linkTo = ({ storefrontUrl }: Shop, page: string, token: string): string[] =>
  storefrontUrl === null ? [] : [`${storefrontUrl.replace(/\/$/, '')}/${page}#token=${token}`, ''];

const mail = (shop: Shop, subject: string, lines: readonly string[]): WrittenMail => ({
  subject,
  body: `${['Hello,', '', ...lines, '', shop.name].join('\n')}\n`,
});

const asking = (
  shop: Shop,
  subject: string,
  what: { readonly why: string; readonly page: string; readonly token: string; readonly hours: number },
): WrittenMail =>
  mail(shop, subject, [
    what.why,
    '',
    ...linkTo(shop, what.page, what.token),
    'The token is:',
    '',
    what.token,
    '',
    `It holds for ${what.hours === 1 ? 'an hour' : `${what.hours} hours`}, and once. If it was not you, do nothing.`,
  ]);

/** The mails that ask to confirm something, by a token. */
export const askingMail = (
  shop: Shop,
  kind: 'SIGN_UP' | 'PASSWORD_RESET' | 'INVITE' | 'EMAIL_CHANGE',
  token: string,
): WrittenMail => {
  switch (kind) {
    case 'SIGN_UP': {
      const why = `somebody, hopefully you, asked for an account at ${shop.name} with this address. Confirm it with the password that was chosen.`;
      return asking(shop, `Confirm your address for ${shop.name}`, {
        why,
        page: 'confirm',
        token,
        hours: linkHours.SIGN_UP,
      });
    }
    case 'PASSWORD_RESET': {
      const why = 'somebody, hopefully you, asked to set a new password.';
      return asking(shop, `A new password for ${shop.name}`, {
        why,
        page: 'reset',
        token,
        hours: linkHours.RESET,
      });
    }
    case 'INVITE': {
      const why = `you have an account at ${shop.name} now. Choose a password for it.`;
      return asking(shop, `Your account at ${shop.name}`, {
        why,
        page: 'reset',
        token,
        hours: linkHours.INVITE,
      });
    }
    case 'EMAIL_CHANGE': {
      const why =
        'somebody, hopefully you, asked to use this address from now on. Confirm it where you are signed in.';
      return asking(shop, `Confirm your new address for ${shop.name}`, {
        why,
        page: 'email',
        token,
        hours: linkHours.EMAIL_CHANGE,
      });
    }
  }
};

/** Told instead to an address that has an account: only who reads its mails learns that. */
export const takenMail = (shop: Shop): WrittenMail =>
  mail(shop, `You have an account at ${shop.name}`, [
    'somebody, hopefully you, wanted to use this address for an account. It has one already: sign in to it, or ask for',
    'a new password. If it was not you, do nothing.',
  ]);

const news: Readonly<
  Record<
    | 'PASSWORD_CHANGED'
    | 'EMAIL_CHANGED'
    | 'TOTP_ENABLED'
    | 'TOTP_DISABLED'
    | 'TOTP_REMOVED'
    | 'SESSION_COPIED'
    | 'DATA_EXPORTED'
    | 'ERASURE_REQUESTED',
    string
  >
> = {
  PASSWORD_CHANGED: 'the password of your account was changed.',
  EMAIL_CHANGED:
    'your account uses another e-mail address from now on, so this was the last mail to this one.',
  TOTP_ENABLED: 'the second factor of your account was switched on.',
  TOTP_DISABLED: 'the second factor of your account was switched off.',
  TOTP_REMOVED:
    'the shop took away the second factor of your account, as it was asked to, and signed out all of its devices. The password alone lets you in now: set up a second factor again.',
  SESSION_COPIED:
    'a token of one of your devices was used twice, as happens when somebody has a copy. That device was signed out.',
  DATA_EXPORTED:
    'the copy of your data that was asked for is ready. Fetch it within seven days, where you are signed in.',
  ERASURE_REQUESTED:
    'it was asked that your account and your data be erased. That begins in 24 hours; until then you can withdraw it where you are signed in.',
};

/** The last mail there is: it asks for nothing, since there is no account any more. */
export const farewellMail = (shop: Shop): WrittenMail =>
  mail(shop, `Your account at ${shop.name} is closed`, [
    'your account is closed, as was asked, and what we know of you is being erased. What the law has us keep leads to',
    'no name any more. The receipt code of the erasure tells how it stands. This was the last mail to this address.',
  ]);

/** Tells the owner what was done to the account. */
export const newsMail = (shop: Shop, kind: keyof typeof news): WrittenMail =>
  mail(shop, `News of your account at ${shop.name}`, [
    news[kind],
    'If it was not you, ask for a new password at once: it ends every session.',
  ]);
