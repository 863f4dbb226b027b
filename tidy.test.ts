import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { factTypes, publisherOf } from '@storegraph/events';
import { describe, expect, it } from 'vitest';
import { filesMatching, importsOf, root, type SourceFile } from './scripts/repository.ts';

/**
 * The shape of the repository, as a test. Each rule names what is wrong, where, and what to do instead; the
 * reasons stand in CONTRIBUTING.md under the rule's name.
 */
const sources = filesMatching(
  /^(packages|subgraphs|router|embedded|examples|bench|scripts)\/.*\.ts$|^[^/]+\.ts$/,
);
const production = sources.filter(
  ({ path }) => !/(\.test|-fixture|-for-tests)\.ts$/.test(path) && !path.startsWith('packages/testing/'),
);
const subgraphs = readdirSync(join(root, 'subgraphs'));

const maxSourceLines = 300;
const maxTestLines = 400;
const maxReadmeLines = 25;

/** The files every subgraph has, with the same jobs. */
const standardFiles = ['main.ts', 'env.ts', 'resolvers.ts', 'loaders.ts', 'tables.ts'];
/** The files it may have more than one of, split by noun: `refund-domain.ts`. */
const splitByNoun = /^(?:[a-z-]+-)?(?:domain|service|repository|subscribers|resolvers|loaders|tables)\.ts$/;
/** Files named after what exists only here: an outside thing, or a mechanism with a decision of its own. */
const ownFiles: Record<string, readonly string[]> = {
  account: ['argon2.ts', 'data-inputs.ts', 'inputs.ts', 'openid.ts', 'smtp.ts', 'zip.ts'],
  cart: [
    'cart-hub.ts',
    'gathering.ts',
    'inputs.ts',
    'postgres.ts',
    'redis-carts.ts',
    'redis-hash.ts',
    'redis-scripts.ts',
    'redis.ts',
    'store.ts',
  ],
  inventory: ['group-commit.ts', 'inputs.ts', 'stock-follower.ts', 'stock-hub.ts'],
  pricing: ['inputs.ts', 'promotion-inputs.ts', 'tax-inputs.ts'],
  product: [
    'import-chunks.ts',
    'import-inputs.ts',
    'import-reader.ts',
    'inputs.ts',
    'seed-content.ts',
    'seed-types.ts',
  ],
};

const fileName = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const isFile = (path: string, ...jobs: string[]) =>
  jobs.some((job) => fileName(path) === `${job}.ts` || path.endsWith(`-${job}.ts`));

/** One problem a line, so that a failure reads as a list of what to mend. */
const problemsIn = (
  files: readonly SourceFile[],
  problem: (file: SourceFile) => string | readonly string[] | null | false,
) => files.flatMap((file) => [problem(file) || []].flat().map((what) => `${file.path}: ${what}`));

describe('files', () => {
  it.each(subgraphs)('%s has the files every subgraph has, and no others', (subgraph) => {
    const names = readdirSync(join(root, 'subgraphs', subgraph, 'src'));
    const missing = standardFiles.filter((name) => !names.includes(name));
    const needed = ['domain', 'service', 'repository'].filter(
      (job) => !names.some((name) => isFile(name, job)),
    );
    const strange = names.filter(
      (name) =>
        !standardFiles.includes(name) &&
        !splitByNoun.test(name) &&
        !/(\.test|\.generated|-fixture)\.ts$/.test(name) &&
        !['invariants.ts', 'seed.ts'].includes(name) &&
        !(ownFiles[subgraph] ?? []).includes(name),
    );
    expect({ missing, needed }, 'Add the file: its job is in CONTRIBUTING.md.').toEqual({
      missing: [],
      needed: [],
    });
    expect(
      strange,
      'Name it after its job (noun-domain.ts …), or list it in ownFiles with a decision record.',
    ).toEqual([]);
  });

  it('fit a reader: sources up to 300 lines, tests up to 400', () => {
    const tooLong = problemsIn(sources, ({ path, lines }) => {
      const most = path.endsWith('.test.ts') ? maxTestLines : maxSourceLines;
      return (
        !path.endsWith('.generated.ts') &&
        lines.length > most &&
        `has ${lines.length} lines; split it by noun.`
      );
    });
    expect(tooLong).toEqual([]);
  });

  it('are named in kebab-case, after a job and not a drawer', () => {
    const badNames = problemsIn(sources, ({ path }) => {
      const name = fileName(path).replace(/(\.test|\.generated|\.config)?\.ts$/, '');
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return 'is not kebab-case.';
      return (
        /^(utils?|helpers?|common|types|base|manager|misc)$/.test(name) && 'is a drawer; name what it does.'
      );
    });
    expect(badNames).toEqual([]);
  });
});

describe('walls', () => {
  it('stand between subgraphs: they meet in the schema, in facts and in internal operations only', () => {
    const crossing = problemsIn(
      sources.filter(({ path }) => path.startsWith('subgraphs/')),
      (file) => {
        const own = file.path.split('/')[1];
        const others = subgraphs.filter((name) => name !== own);
        return importsOf(file)
          .filter((name) =>
            others.some(
              (other) => name.startsWith(`@storegraph/${other}`) || name.includes(`subgraphs/${other}`),
            ),
          )
          .map((name) => `imports ${name}; listen to its facts instead.`);
      },
    );
    expect(crossing).toEqual([]);
  });

  it('keep rules pure: a domain file waits for nothing, and is told the time', () => {
    const impure = problemsIn(
      production.filter(({ path }) => isFile(path, 'domain')),
      (file) => [
        ...importsOf(file)
          .filter(
            (name) =>
              !/^@storegraph\/(money|events|sku)$|domain\.ts$|^node:crypto$|schema\.generated\.ts$/.test(
                name,
              ),
          )
          .map((name) => `imports ${name}; hand in what the rule needs.`),
        ...(
          file.text.match(/\basync\b|\bawait\b|Date\.now|new Date\(\)|Math\.random|randomUUID|newId\(/g) ?? []
        ).map((found) => `uses ${found}; take it as an argument.`),
      ],
    );
    expect(impure).toEqual([]);
  });

  it('keep SQL in repositories, tables and the packages that own a table', () => {
    const strays = problemsIn(
      production.filter(
        ({ path }) => /^(subgraphs|router|embedded)\//.test(path) && !isFile(path, 'repository', 'tables'),
      ),
      (file) =>
        importsOf(file)
          .filter((name) => name === 'postgres' || name.startsWith('drizzle-orm'))
          .map((name) => `imports ${name}; move the query to a repository.`),
    );
    expect(strays).toEqual([]);
  });

  it('let only services open a transaction', () => {
    const strays = problemsIn(
      production.filter(({ path }) => path.startsWith('subgraphs/') && !isFile(path, 'service', 'seed')),
      ({ text }) =>
        /(?<![.\w])transaction\(/.test(text) &&
        'opens a transaction; let the service do it and hand `tx` on.',
    );
    expect(strays).toEqual([]);
  });

  it('keep GraphQL at the edge', () => {
    const strays = problemsIn(
      production.filter(({ path }) => isFile(path, 'service', 'domain', 'repository')),
      (file) =>
        importsOf(file)
          .filter((name) => /^graphql|^@apollo/.test(name))
          .map((name) => `imports ${name}; return a result and let the resolver speak GraphQL.`),
    );
    expect(strays).toEqual([]);
  });

  it('keep the environment in env.ts', () => {
    const strays = problemsIn(production, ({ path, text }) => {
      const isEntry = fileName(path) === 'env.ts' || /^(scripts|bench)\//.test(path);
      return !isEntry && /process\.env/.test(text) && 'reads process.env; take the value as an argument.';
    });
    expect(strays).toEqual([]);
  });

  it('stand around packages: what is imported is declared, and a package is entered by its index only', () => {
    const undeclared = problemsIn(
      sources.filter(({ path }) => /^(packages|subgraphs)\/|^(router|embedded|bench)\//.test(path)),
      (file) => {
        const folder = /^(packages|subgraphs)\//.test(file.path)
          ? file.path.split('/').slice(0, 2).join('/')
          : file.path.split('/')[0];
        const manifest = JSON.parse(readFileSync(join(root, folder ?? '', 'package.json'), 'utf8'));
        const house = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
        const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...house.devDependencies };
        return importsOf(file)
          .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
          .map((name) =>
            name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name),
          )
          .filter((name) => !Object.hasOwn(declared, name) && name !== manifest.name)
          .map((name) => `imports ${name}, which ${folder}/package.json does not declare.`);
      },
    );
    expect([...new Set(undeclared)]).toEqual([]);
  });
});

describe('leftovers', () => {
  it('are none: no note to self, no test that is skipped or alone', () => {
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX|\\.on', 'ly\\(|\\.sk', 'ip\\('].join(''));
    const left = problemsIn(sources, ({ lines }) =>
      lines.flatMap((line, index) =>
        marks.test(line) ? [`line ${index + 1}: finish it or take it out: ${line.trim()}`] : [],
      ),
    );
    expect(left).toEqual([]);
  });
});

describe('documents', () => {
  it.each(subgraphs)('%s says truly what it publishes and listens to', (subgraph) => {
    const readme = readFileSync(join(root, 'subgraphs', subgraph, 'README.md'), 'utf8');
    const code = production.filter(({ path }) => path.startsWith(`subgraphs/${subgraph}/`));
    const migrations = filesMatching(new RegExp(`^subgraphs/${subgraph}/migrations/`));
    const mentioned = factTypes.filter((type) =>
      [...code, ...migrations].some(({ text }) => text.includes(`'${type}'`)),
    );
    const section = (title: string) =>
      readme.match(new RegExp(`## ${title}\\n([\\s\\S]*?)(?=\\n## |$)`))?.[1] ?? '';
    const named = (title: string) => factTypes.filter((type) => section(title).includes(`\`${type}\``));

    for (const title of ['Owns', 'Publishes', 'Listens to', 'Decisions'])
      expect(readme).toContain(`## ${title}`);
    expect(named('Publishes')).toEqual(mentioned.filter((type) => publisherOf(type) === subgraph));
    expect(named('Listens to')).toEqual(mentioned.filter((type) => publisherOf(type) !== subgraph));
  });

  it('stay short: a folder’s README fits a screen', () => {
    const long = problemsIn(
      filesMatching(/^(packages|subgraphs)\/[^/]+\/README\.md$|^(router|embedded|bench)\/README\.md$/),
      ({ lines }) => {
        const count = lines.length;
        return count > maxReadmeLines && `has ${count} lines; ${maxReadmeLines} at most.`;
      },
    );
    expect(long).toEqual([]);
  });

  it('name only files that exist', () => {
    const broken = problemsIn(filesMatching(/\.md$/), ({ path, text }) => {
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
      const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map((match) =>
        join(folder, match[1] ?? ''),
      );
      const tour = [
        ...text.matchAll(/`((?:packages|subgraphs|router|embedded|schema|bench|docs|scripts)\/[\w./-]+)`/g),
      ].map((match) => match[1] ?? '');
      return [...links, ...tour]
        .filter((named) => !existsSync(join(root, named)))
        .map((named) => `names ${named}, which is not there.`);
    });
    expect(broken).toEqual([]);
  });

  it('number the decisions without gaps, each with its four parts', () => {
    const decisions = filesMatching(/^docs\/decisions\/\d{4}-.*\.md$/);
    expect(decisions.map(({ path }) => Number(fileName(path).slice(0, 4)))).toEqual(
      decisions.map((_, index) => index + 1),
    );
    const incomplete = problemsIn(decisions, ({ text }) =>
      ['Context', 'Decision', 'Consequences', 'Alternatives']
        .filter((part) => !text.includes(`## ${part}`))
        .map((part) => `lacks ## ${part}.`),
    );
    expect(incomplete).toEqual([]);
  });
});
