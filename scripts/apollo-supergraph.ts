import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEntryPoint, schemaFolder } from '@storegraph/server';
import { type ASTNode, type DirectiveNode, Kind, parse, print, visit } from 'graphql';

/** What the stock Apollo Router does not start with unless it is licensed. */
const licensedName = /^(authenticated|requiresScopes|policy)(__|$)/;
const licensedLink = /^https:\/\/specs\.apollo\.dev\/(authenticated|requiresScopes|policy)\//;

const isLicensedLink = ({ arguments: given = [] }: DirectiveNode): boolean =>
  given.some(({ value }) => value.kind === Kind.STRING && licensedLink.test(value.value));

/**
 * A supergraph without the scopes that its fields ask for. Nothing opens by it: subgraphs enforce the scopes of
 * their own fields, whoever calls them.
 */
export const withoutScopes = (supergraphSdl: string): string => {
  const removeNamed = (node: Extract<ASTNode, { readonly name: unknown }>) =>
    node.name && licensedName.test(node.name.value) ? null : undefined;
  const document = visit(parse(supergraphSdl, { noLocation: true }), {
    Directive: (node) => (isLicensedLink(node) ? null : removeNamed(node)),
    DirectiveDefinition: removeNamed,
    ScalarTypeDefinition: removeNamed,
  });
  return `${print(document)}\n`;
};

if (isEntryPoint(import.meta.url)) {
  process.stdout.write(withoutScopes(readFileSync(join(schemaFolder, 'supergraph.graphql'), 'utf8')));
}
