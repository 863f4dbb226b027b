import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { MountedSubgraph } from '@storegraph/server';
import { ask } from './service-call.ts';

/** A mail that was written and sent nowhere. */
export type LyingMail = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly at: string;
};

/** What lies in the mailbox, latest first. */
export type Mailbox = () => Promise<readonly LyingMail[]>;

/** More are found in the database. */
const shownMails = 50;

/** The mailbox of the shop's accounts. */
export const mailboxOf = (subgraphs: readonly MountedSubgraph[]): Mailbox => {
  const accounts = subgraphs.find(({ name }) => name === 'account');
  return async () => {
    if (!accounts) return [];
    const query = 'query ($first: Int!) { mailbox(first: $first) { to subject text at } }';
    const { mailbox } = await ask<{ mailbox: readonly LyingMail[] }>(accounts, query, { first: shownMails });
    return mailbox;
  };
};

const ownAddresses = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const ownName = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Whether a browser on this machine asks, under a name of this machine: a page elsewhere that has a name of its own
 * lead here gets nothing, nor does who comes through a proxy that says so.
 */
export const isFromHere = ({ socket, headers }: IncomingMessage): boolean =>
  ownAddresses.has(socket.remoteAddress ?? '') &&
  ownName.test(headers.host ?? '') &&
  headers['x-forwarded-for'] === undefined &&
  headers['forwarded'] === undefined;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? '');

/** A click marks the whole token. */
const withTokens = (text: string): string =>
  escaped(text).replace(/^([0-9a-f-]{36}\.[\w-]{43})$/gm, '<b>$1</b>');

const article = ({ to, subject, text, at }: LyingMail): string =>
  `<article><h2>${escaped(subject)}</h2><p>To ${escaped(to)}, ${escaped(at)}</p><pre>${withTokens(text)}</pre></article>`;

/** The page that shows it. */
export const mailboxPage = (mails: readonly LyingMail[]): string => {
  const page = readFileSync(new URL('mailbox.html', import.meta.url), 'utf8');
  const list = mails.length === 0 ? '<p>It is empty.</p>' : mails.map(article).join('\n');
  // By a function: a mail may hold what a replacement text would read as a place.
  return page.replace('<!-- mails -->', () => list);
};
