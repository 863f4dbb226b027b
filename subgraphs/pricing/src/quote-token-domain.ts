import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Quote } from './quote-domain.ts';

/** What quotes are signed with. Several while one replaces another: the first signs. */
export type QuoteKey = { readonly id: string; readonly secret: Uint8Array };

/** What a token tells of the quote it was given with. */
export type SeenQuote = {
  readonly cartId: string;
  readonly region: string;
  readonly currency: string;
  readonly totalMinor: number;
  /** Equal for two quotes exactly when nothing but the time differs. */
  readonly fingerprint: string;
  readonly at: Date;
  readonly expiresAt: Date;
  readonly lines: readonly SeenLine[];
};

export type SeenLine = {
  readonly variantId: string;
  readonly quantity: number;
  /** Null where there was no price. */
  readonly unitMinor: number | null;
  readonly totalMinor: number;
};

/** More than a cart of 100 lines needs; a longer one is not one of ours and is not even hashed. */
const maxTokenLength = 20_000;

/** Signs what a quote says: `KEY.CONTENT.MAC`. */
export const tokenOf = (quote: Quote, { id, secret }: QuoteKey): string => {
  const content = {
    cartId: quote.cartId,
    region: quote.region,
    currency: quote.currency,
    total: quote.total.amountMinor,
    fingerprint: fingerprintOf(quote),
    at: quote.at.getTime(),
    expiresAt: quote.expiresAt.getTime(),
    lines: quote.lines.map(({ variantId, quantity, unitPrice, total }) => [
      variantId,
      quantity,
      unitPrice?.amountMinor ?? null,
      total.amountMinor,
    ]),
  };
  const signed = `${id}.${Buffer.from(JSON.stringify(content)).toString('base64url')}`;
  return `${signed}.${macOf(signed, secret)}`;
};

/** What a token says, if one of the keys has signed it; null for any other text. */
export const readToken = (token: string, keys: readonly QuoteKey[]): SeenQuote | null => {
  const [id = '', content = '', mac = '', ...rest] = token.length > maxTokenLength ? [] : token.split('.');
  const key = keys.find((each) => each.id === id);
  if (!key || rest.length > 0 || !isEqual(mac, macOf(`${id}.${content}`, key.secret))) return null;
  // We have signed it, so it is what we wrote.
  const seen = JSON.parse(Buffer.from(content, 'base64url').toString()) as {
    cartId: string;
    region: string;
    currency: string;
    total: number;
    fingerprint: string;
    at: number;
    expiresAt: number;
    lines: [string, number, number | null, number][];
  };
  const { cartId, region, currency, total: totalMinor, fingerprint } = seen;
  return {
    ...{ cartId, region, currency, totalMinor, fingerprint },
    ...{ at: new Date(seen.at), expiresAt: new Date(seen.expiresAt) },
    lines: seen.lines.map(([variantId, quantity, unitMinor, total]) => ({
      ...{ variantId, quantity, unitMinor },
      totalMinor: total,
    })),
  };
};

/** Everything a quote says but when; neither the cart's order nor that of the table of taxes is in it. */
const fingerprintOf = ({ at: _at, expiresAt: _until, ...said }: Quote): string => {
  const lines = [...said.lines].sort((a, b) => (a.lineId < b.lineId ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify({ ...said, lines }))
    .digest('base64url');
};

const macOf = (text: string, secret: Uint8Array): string =>
  createHmac('sha256', secret).update(text).digest('base64url');

const isEqual = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
};
