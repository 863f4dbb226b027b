import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { concatAST, type DocumentNode, parse, Source } from 'graphql';

const findSchemaFolder = (from: string): string => {
  const folder = join(from, 'schema');
  if (existsSync(join(folder, 'shared.graphql'))) return folder;
  const parent = dirname(from);
  if (parent === from)
    throw new Error('No schema/shared.graphql was found in any folder above packages/server.');
  return findSchemaFolder(parent);
};

/** Where the public contract lies: `schema` in the root of the repository. */
export const schemaFolder: string = findSchemaFolder(dirname(fileURLToPath(import.meta.url)));

const parseFile = (file: string): DocumentNode =>
  parse(new Source(readFileSync(join(schemaFolder, file), 'utf8'), `schema/${file}`));

/** The SDL of one subgraph: what all of them share, and its own. */
export const readSchema = (name: string): DocumentNode =>
  concatAST([parseFile('shared.graphql'), parseFile(`${name}.graphql`)]);
