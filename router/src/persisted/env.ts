import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv, schemaFolder } from '@storegraph/server';
import { z } from 'zod';

const home = fileURLToPath(new URL('../../../.storegraph', import.meta.url));

const schema = z.object({
  STOREGRAPH_HOME: z.string().default(home),
  OPERATIONS_FOLDER: z.string().optional(),
  SUPERGRAPH_FILE: z.string().default(join(schemaFolder, 'supergraph.graphql')),
});

/** Where manifests are kept, and the schema they are checked against. */
export const readOperationsEnv = (): { readonly folder: string; readonly supergraphFile: string } => {
  const { STOREGRAPH_HOME, OPERATIONS_FOLDER, SUPERGRAPH_FILE } = parseEnv(schema, process.env);
  return {
    folder: resolve(OPERATIONS_FOLDER ?? join(STOREGRAPH_HOME, 'operations')),
    supergraphFile: resolve(SUPERGRAPH_FILE),
  };
};
