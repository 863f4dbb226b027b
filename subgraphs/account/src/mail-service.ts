import {
  afterCommit,
  type Database,
  newId,
  startWorker,
  type Transaction,
  type Worker,
} from '@storegraph/postgres';
import { type Account, emailKeyOf, isOpen, type OpenAccount } from './account-domain.ts';
import { insertLink, openSignUp } from './link-repository.ts';
import {
  askingMail,
  farewellMail,
  linkHours,
  type MailKind,
  maxMailsAnHour,
  maxTries,
  newsMail,
  pauseSeconds,
  type Shop,
  takenMail,
  type WrittenMail,
} from './mail-domain.ts';
import {
  claimMails,
  endMail,
  insertMail,
  type MailRow,
  mailsBefore,
  postponeMail,
} from './mail-repository.ts';
import { accountByEmail, accountById } from './repository.ts';
import type { Secrets } from './secrets-domain.ts';

/** Brings a mail on its way; throws when it was not taken. */
export type SendMail = (mail: WrittenMail & { readonly id: string; readonly to: string }) => Promise<void>;

type ToPost = {
  readonly kind: MailKind;
  /** Whose mail it is, where that is known. */
  readonly account?: Pick<OpenAccount, 'id' | 'email'>;
  /** The address, where it is not the account's. */
  readonly email?: string;
  readonly signUpId?: string;
};

/** Puts a mail into the queue with the change itself: both or neither. */
export type Post = (tx: Transaction, mail: ToPost) => Promise<void>;

/** Mails in flight at a time; a mail server takes few connections of one sender. */
const sentAtOnce = 5;

/** How often the queue is looked at for what another process wrote, or what is to be tried again. */
const lookMs = 2_000;

type Needs = {
  readonly db: Database;
  readonly secrets: Secrets;
  readonly shop: Shop;
  /** Null keeps mails in the mailbox. */
  readonly send: SendMail | null;
  readonly onError: (error: unknown) => void;
};

/** The queue of mails: filled with the change, emptied after it, whoever crashes between. */
export const openMails = (needs: Needs) => {
  let worker: Worker | null = null;
  const post: Post = async (tx, mail) => {
    await queueMail(tx, mail);
    afterCommit(tx, () => worker?.wake());
  };
  return {
    post,
    start: (): Worker => {
      worker = startWorker(() => sendDue(needs), { everyMs: lookMs, onError: needs.onError });
      return worker;
    },
  };
};

/** Puts a mail into the queue, where a process that sends mails finds it in a moment. */
export const queueMail: Post = async (
  tx,
  { kind, account, email = account?.email ?? '', signUpId = null },
) => {
  const isChange = kind === 'EMAIL_CHANGE';
  await insertMail(tx, {
    ...{ id: newId(), kind, email, emailKey: emailKeyOf(email) },
    ...{ accountId: account?.id ?? null, signUpId, newEmail: isChange ? email : null },
  });
};

/** Writes and sends what is due, as many as go at once; false when nothing was. */
const sendDue = async (needs: Needs): Promise<boolean> => {
  const due = await claimMails(needs.db, sentAtOnce);
  await Promise.all(due.map((mail) => bring(needs, mail)));
  return due.length > 0;
};

const bring = async (needs: Needs, mail: MailRow): Promise<void> => {
  const { db, send } = needs;
  try {
    const written = await write(needs, mail);
    if (!written) return await endMail(db, mail.id, { state: 'DROPPED' });
    await send?.({ ...written, id: mail.id, to: mail.email });
    await endMail(db, mail.id, { state: 'SENT', ...(send === null && written) });
  } catch (error) {
    needs.onError(error);
    const failure = error instanceof Error ? error.message : String(error);
    if (mail.tries >= maxTries) return endMail(db, mail.id, { state: 'FAILED', failure });
    await postponeMail(db, mail.id, { seconds: pauseSeconds(mail.tries), failure });
  }
};

/** What a mail says today; null when it is not to be sent. Here, after the answer, it is found out whom we know. */
const write = async (needs: Needs, mail: MailRow): Promise<WrittenMail | null> => {
  const { db, shop, secrets } = needs;
  if ((await mailsBefore(db, mail)) >= maxMailsAnHour) return null;
  switch (mail.kind) {
    case 'SIGN_UP': {
      if (await accountByEmail(db, mail.emailKey)) return takenMail(shop);
      const signUp = mail.signUpId === null ? null : await openSignUp(db, mail.signUpId);
      return signUp && askingMail(shop, 'SIGN_UP', secrets.token('sign-up', signUp.id));
    }
    case 'PASSWORD_RESET':
      return linked(needs, mail, {
        kind: mail.kind,
        purpose: 'RESET',
        account: await accountByEmail(db, mail.emailKey),
      });
    case 'INVITE':
      return linked(needs, mail, { kind: mail.kind, purpose: 'INVITE', account: await ownerOf(db, mail) });
    case 'EMAIL_CHANGE':
      if (await accountByEmail(db, mail.emailKey)) return takenMail(shop);
      return linked(needs, mail, { kind: mail.kind, purpose: mail.kind, account: await ownerOf(db, mail) });
    case 'ERASURE_BEGUN':
      return farewellMail(shop);
    default:
      return newsMail(shop, mail.kind);
  }
};

const ownerOf = async (db: Database, { accountId }: MailRow): Promise<Account | null> =>
  accountId === null ? null : accountById(db, accountId);

type Linked = {
  readonly kind: 'PASSWORD_RESET' | 'INVITE' | 'EMAIL_CHANGE';
  readonly purpose: 'RESET' | 'INVITE' | 'EMAIL_CHANGE';
  readonly account: Account | null;
};

/** The link has the id of its mail: a mail that is written again after a crash asks for the same. */
const linked = async (
  { db, secrets, shop }: Needs,
  { id, newEmail }: MailRow,
  { kind, purpose, account }: Linked,
): Promise<WrittenMail | null> => {
  if (!isOpen(account)) return null;
  const accountId = account.id;
  await insertLink(db, { id, purpose, accountId, newEmail }, linkHours[purpose]);
  return askingMail(shop, kind, secrets.token('link', id));
};
