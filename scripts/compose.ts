import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph } from '@apollo/federation-internals';
import { isEntryPoint, readSchema, schemaFolder } from '@storegraph/server';
import type { DocumentNode, GraphQLSchema } from 'graphql';

/** A supergraph, or what keeps the subgraphs from forming one. */
export type Composition =
  | { readonly supergraphSdl: string; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly supergraphSdl?: never };

/** Stands in for an address in the committed file: each subgraph is a host of its own name when distributed. */
const urlOf = (name: string): string => `http://${name}:4001/graphql`;

const notice = '# Composed from the other files of this folder by `npm run codegen`. Do not edit.\n\n';

const sentence = (message: string): string => {
  const line = message.replace(/\s+/g, ' ').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
};

/** Composes subgraphs in the order of their names, so that the same SDL always gives the same text. */
export const compose = (
  subgraphs: readonly { readonly name: string; readonly typeDefs: DocumentNode }[],
): Composition => {
  const services = subgraphs
    .map((subgraph) => ({ ...subgraph, url: urlOf(subgraph.name) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const { errors, supergraphSdl } = composeServices(services);
  if (errors) return { problems: errors.map(({ message }) => sentence(message)) };
  return { supergraphSdl: `${notice}${supergraphSdl.trim()}\n` };
};

/** The graph that clients see: a supergraph without what only routers read. */
export const publicGraph = (supergraphSdl: string): GraphQLSchema =>
  Supergraph.build(supergraphSdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES })
    .apiSchema()
    .toGraphQLJSSchema();

/** Composes the SDL of every folder in subgraphs/. */
export const composeRepository = (): Composition => {
  const names = readdirSync(join(schemaFolder, '../subgraphs'), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  const bare = names.filter((name) => !existsSync(join(schemaFolder, `${name}.graphql`)));
  if (bare.length > 0)
    return { problems: bare.map((name) => `subgraphs/${name} has no schema/${name}.graphql.`) };
  return compose(names.map((name) => ({ name, typeDefs: readSchema(name) })));
};

/** Writes schema/supergraph.graphql or, with `check`, says whether it is stale. Answers what is wrong. */
export const writeSupergraph = ({ check }: { readonly check: boolean }): readonly string[] => {
  const file = join(schemaFolder, 'supergraph.graphql');
  const { supergraphSdl, problems } = composeRepository();
  if (problems) return problems;
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (committed === supergraphSdl) return [];
  if (check) return ['schema/supergraph.graphql is stale. Run `npm run codegen` and commit it.'];
  writeFileSync(file, supergraphSdl);
  return [];
};

if (isEntryPoint(import.meta.url)) {
  const problems = writeSupergraph({ check: process.argv.includes('--check') });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
