import { createHash } from 'node:crypto';
import { z } from 'zod';

/** An operation that a client was built with. */
export type PersistedOperation = { readonly id: string; readonly name: string; readonly text: string };

/** The operations of one release of a client. */
export type Manifest = {
  /** `web@1.2.0` */
  readonly client: string;
  readonly operations: readonly PersistedOperation[];
};

/** The format that `@apollo/generate-persisted-query-manifest` writes. */
const format = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(
    z.object({
      id: z.string().min(1).max(200),
      body: z.string().min(1),
      name: z.string().min(1),
      type: z.enum(['query', 'mutation', 'subscription']),
    }),
  ),
});

/** A manifest that cannot be used, in a sentence for its author. */
export class BadManifest extends Error {}

const clientPattern = /^[a-z0-9][a-z0-9-]{0,62}@[A-Za-z0-9][A-Za-z0-9.+-]{0,62}$/;

export const checkClient = (client: string): string => {
  if (clientPattern.test(client)) return client;
  throw new BadManifest(`"${client}" names no client: write it as name@version, such as web@1.2.0.`);
};

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const hashPattern = /^[0-9a-f]{64}$/;

/** Reads a manifest. An id that looks like a hash must be the hash of its text. */
export const parseManifest = (client: string, text: string): Manifest => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BadManifest('The manifest is not valid JSON.');
  }
  const parsed = format.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadManifest(
      `This is no manifest as @apollo/generate-persisted-query-manifest writes it: ${issue?.path.join('.')} ${issue?.message}.`,
    );
  }
  const operations = parsed.data.operations.map(({ id, name, body }) => ({ id, name, text: body }));
  const wrong = operations.find((one) => hashPattern.test(one.id) && one.id !== hashOf(one.text));
  if (wrong) throw new BadManifest(`The id of ${wrong.name} is not the SHA-256 of its text: ${wrong.id}.`);
  const twice = operations.find((one, at) => operations.findIndex(({ id }) => id === one.id) !== at);
  if (twice) throw new BadManifest(`The id of ${twice.name} stands in the manifest twice: ${twice.id}.`);
  return { client: checkClient(client), operations };
};
