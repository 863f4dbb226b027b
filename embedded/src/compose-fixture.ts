import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { schemaFolder } from '@storegraph/server';
import { parse } from 'yaml';
import { z } from 'zod';
import type { createLauncher, Launched } from './process-fixture.ts';

const composeFile = join(import.meta.dirname, '../../docker-compose.yml');

const compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.string()).default({}),
      command: z.array(z.string()).default([]),
    }),
  ),
});

/** Where a test has what containers have by their names. */
type Place = {
  /** For the volume of secrets, and for the supergraph with addresses of this machine. */
  readonly folder: string;
  readonly postgresUrl: string;
  /** Null for a shop without Redis. */
  readonly redisUrl: string | null;
};

/** Where the keys of the shop are, which the setup makes. */
export const secretsIn = (folder: string): string => join(folder, 'secrets');

const freePorts = async (names: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const servers = names.map((name) => ({ name, server: createServer() }));
  const ports = new Map<string, number>();
  for (const { name, server } of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address !== 'string') ports.set(name, address.port);
  }
  // Together, so that none is given twice.
  for (const { server } of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
};

/** What docker-compose.yml says of each service. */
export const readServices = async () =>
  compose.parse(parse(await readFile(composeFile, 'utf8'), { merge: true })).services;

/** Starts services of docker-compose.yml as processes: their own commands and settings, at other places. */
export const openCompose = async (launcher: ReturnType<typeof createLauncher>, place: Place) => {
  const services = await readServices();
  const ports = await freePorts(Object.keys(services));
  const here = (text: string): string =>
    text
      .replaceAll('$$', '$')
      .replaceAll('/secrets', secretsIn(place.folder))
      .replace(/postgres:\/\/\S+@postgres:5432\/\w+/, place.postgresUrl)
      .replace('redis://redis:6379', place.redisUrl ?? '')
      .replace(/http:\/\/(\w+):4001\//g, (_whole, name) => `http://127.0.0.1:${ports.get(name)}/`);
  const supergraph = join(place.folder, 'supergraph.graphql');
  await writeFile(supergraph, here(await readFile(join(schemaFolder, 'supergraph.graphql'), 'utf8')));

  const start = (name: string, changed: Readonly<Record<string, string>> = {}): Launched => {
    const service = services[name];
    if (!service) throw new Error(`docker-compose.yml has no service ${name}.`);
    const settings = Object.entries(service.environment).map(([key, value]) => [key, here(value)]);
    // What is installed for the test is what it runs with.
    const command = service.command.map((part) => here(part).replace(/^.*npm ci\n/m, ''));
    return launcher.start(command, {
      ...Object.fromEntries(settings),
      ...{ HOST: '127.0.0.1', PORT: String(ports.get(name)), SUPERGRAPH_FILE: supergraph },
      ...changed,
    });
  };
  return { start };
};
