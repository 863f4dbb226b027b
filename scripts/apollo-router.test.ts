import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaFolder } from '@storegraph/server';
import { printSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { readSupergraph } from '../router/src/graph/supergraph.ts';
import { withoutScopes } from './apollo-supergraph.ts';
import { publicGraph } from './compose.ts';
import { root } from './repository.ts';

/** What can be said of the stock Apollo Router without having it: what it is given. */

const supergraphSdl = readFileSync(join(schemaFolder, 'supergraph.graphql'), 'utf8');
const configuration = readFileSync(join(root, 'router/apollo-router.yaml'), 'utf8');

/** As the router reads it where no variable is set. */
const settings = parseYaml(configuration.replaceAll(/\$\{env\.\w+:-([^}]*)\}/g, '$1'));

const pathsIn = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, `${path}.${name}`))
    : [path.slice(1)];

describe('router/apollo-router.yaml', () => {
  test('sets what it is known to set, and nothing that asks for a licence', () => {
    expect(pathsIn(settings).filter((path) => !path.startsWith('override_subgraph_url.'))).toEqual([
      'supergraph.listen',
      'supergraph.path',
      'supergraph.introspection',
      'headers.all.request.operations',
      'include_subgraph_errors.all',
      'cors.policies',
      'limits.router.http_max_request_bytes',
      'limits.router.parser_max_tokens',
      'traffic_shaping.router.timeout',
      'traffic_shaping.all.timeout',
      'homepage.enabled',
      'sandbox.enabled',
    ]);
  });

  test('knows where every subgraph is', () => {
    const names = readSupergraph(supergraphSdl).subgraphs.map(({ name }) => name);
    expect(Object.keys(settings.override_subgraph_url).sort()).toEqual([...names].sort());
    const urls = Object.values<string>(settings.override_subgraph_url);
    expect(new Set(urls).size).toBe(urls.length);
    for (const url of urls) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/);
  });

  test('passes on who asks, under which id, and for how long', () => {
    const operations: { propagate: { named: string } }[] = settings.headers.all.request.operations;
    expect(operations.map(({ propagate }) => propagate.named)).toEqual([
      'authorization',
      'x-request-id',
      'x-deadline-ms',
    ]);
  });
});

test('the supergraph without scopes is the same graph to clients, and asks for no licence', () => {
  const bare = withoutScopes(supergraphSdl);
  expect(supergraphSdl).toContain('requiresScopes');
  expect(bare).not.toMatch(/requiresScopes|specs\.apollo\.dev\/(authenticated|policy)/);
  expect(printSchema(publicGraph(bare))).toBe(printSchema(publicGraph(supergraphSdl)));
  expect(readSupergraph(bare).subgraphs).toEqual(readSupergraph(supergraphSdl).subgraphs);
});
