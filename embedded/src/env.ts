import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from '@storegraph/server';
import { z } from 'zod';

/** The folder of the shop when nothing else is said: in the repository's root, and ignored by git. */
export const defaultFolder: string = fileURLToPath(new URL('../../.storegraph', import.meta.url));

/** The settings of the shop in one process. */
export type Env = {
  /** The folder of the shop: its database and its keys. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  /** A Postgres of one's own, instead of the embedded one. */
  readonly postgresUrl: string | undefined;
};

const schema = z.object({
  STOREGRAPH_HOME: z.string().default(defaultFolder),
  // Loopback only: to be reached from elsewhere is a decision.
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number('must be a number').int().min(0).max(65_535).default(4_000),
  POSTGRES_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must begin with postgres://' }).optional(),
});

/** Reads the environment, or throws every problem with it at once. */
export const readEnv = (): Env => {
  const { STOREGRAPH_HOME, HOST, PORT, POSTGRES_URL } = parseEnv(schema, process.env);
  return { folder: resolve(STOREGRAPH_HOME), host: HOST, port: PORT, postgresUrl: POSTGRES_URL };
};
