import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { InvalidEnvironment } from '@storegraph/server';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { defaultOperationLimits } from '../guard/limits.ts';
import { createHivePlanner } from '../plan/hive-planner.ts';
import { parseDocument } from '../prepare/prepare.ts';
import { isAnswer } from '../run/answer.ts';
import { readOperationsEnv } from './env.ts';
import { BadManifest, type Manifest, parseManifest } from './manifest.ts';
import { readManifests, retireManifest, storeManifest } from './store.ts';

const usage = `Publishes the operations that a client was built with, so that routers run them by their ids.

  npm run operations -- publish FILE --client web@1.2.0   stores a manifest after checking it against the schema
  npm run operations -- list                              what is published
  npm run operations -- check                             whether all that is published fits the schema
  npm run operations -- retire web@1.2.0                  takes a client's manifest away

FILE is written by @apollo/generate-persisted-query-manifest. OPERATIONS_FOLDER is where manifests are kept,
SUPERGRAPH_FILE the schema they are checked against.`;

type Settings = ReturnType<typeof readOperationsEnv>;

const readSchemaOf = async ({ supergraphFile }: Settings): Promise<GraphQLSchema> =>
  buildSchema(createHivePlanner(await readFile(supergraphFile, 'utf8')).publicSdl, { assumeValid: true });

/** What keeps operations of a manifest from being run, a line each. */
const problemsOf = (schema: GraphQLSchema, { client, operations }: Manifest): string[] => {
  return operations.flatMap(({ name, text }) => {
    const parsed = parseDocument({ schema, production: false, limits: defaultOperationLimits }, text);
    if (!isAnswer(parsed)) return [];
    const { errors }: { errors: { message: string }[] } = JSON.parse(parsed.body);
    return errors.map(({ message }) => `${client} ${name}: ${message}`);
  });
};

const say = (...lines: string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

const publish = async (settings: Settings, file: string, client: string): Promise<void> => {
  const text = await readFile(file, 'utf8');
  const manifest = parseManifest(client, text);
  const problems = problemsOf(await readSchemaOf(settings), manifest);
  if (problems.length > 0) throw new BadManifest(`Nothing was published:\n${problems.join('\n')}`);
  const outcome = await storeManifest(settings.folder, manifest, text);
  const count = manifest.operations.length;
  say(outcome === 'known' ? `${client} was published before.` : `${client}: ${count} operations published.`);
};

const list = async ({ folder }: Settings): Promise<void> => {
  const manifests = await readManifests(folder);
  if (manifests.length === 0) return say(`Nothing is published in ${folder}.`);
  for (const { client, operations } of manifests)
    say(client, ...operations.map(({ id, name }) => `  ${id}  ${name}`));
};

const check = async (settings: Settings): Promise<void> => {
  const schema = await readSchemaOf(settings);
  const manifests = await readManifests(settings.folder);
  const problems = manifests.flatMap((manifest) => problemsOf(schema, manifest));
  if (problems.length > 0) throw new BadManifest(problems.join('\n'));
  say(`All operations of ${manifests.length} manifests fit the schema.`);
};

const retire = async ({ folder }: Settings, client: string): Promise<void> => {
  if (!(await retireManifest(folder, client))) throw new BadManifest(`${client} is not published.`);
  say(`${client}: retired.`);
};

const main = async (): Promise<void> => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { client: { type: 'string' } },
  });
  const [command, argument] = positionals;
  const settings = readOperationsEnv();
  if (command === 'publish' && argument && values.client) return publish(settings, argument, values.client);
  if (command === 'list') return list(settings);
  if (command === 'check') return check(settings);
  if (command === 'retire' && argument) return retire(settings, argument);
  throw new BadManifest(usage);
};

/** Errors that say what to do; the rest is a bug and keeps its stack. */
const isForPeople = (error: unknown): error is Error =>
  error instanceof BadManifest ||
  error instanceof InvalidEnvironment ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string');

await main().catch((error: unknown) => {
  if (!isForPeople(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
