import { z } from 'zod';
import { defaultOperationLimits } from './guard/limits.ts';
import { defaultRates } from './guard/rates.ts';

const count = z.int().positive();

const limits = z
  .strictObject({
    maxDepth: count.describe('Fields inside fields.'),
    maxHeight: count.describe('Selected fields and fragments in all, as often as they are used.'),
    maxRepeats: count.describe('One field in one place, there by itself and by fragments.'),
    maxAliases: count.describe('Aliases in all.'),
    maxRootFields: count.describe('Fields of Query, Mutation or Subscription.'),
    maxDirectives: count.describe('Directives in all.'),
    maxDefinitions: count.describe('Operations and fragments of a document.'),
    maxLength: count.describe('Characters of the text.'),
    maxTokens: count.describe('Words and signs of the text.'),
    maxNesting: count.describe('Brackets inside brackets, of whatever kind.'),
    maxCost: count.describe('Objects that are asked for, lists multiplied out with the variables that came.'),
  })
  .partial();

const rate = z.strictObject({
  per: z
    .enum(['address', 'viewer', 'client', 'operation'])
    .describe('Whose operations are counted together.'),
  operations: count.describe('How many are allowed …'),
  seconds: count.describe('… in so many seconds.'),
});

const operations = z
  .strictObject({
    mode: z
      .enum(['off', 'log', 'prefer', 'only'])
      .describe(
        'Whether published operations are required: `only` by id, `prefer` by id or text, `log` notes the others, `off`.',
      ),
    folder: z.string().describe('Where manifests are published to. Looked at each second.'),
    automatic: z.boolean().describe('Whether clients may persist operations by sending them once (APQ).'),
  })
  .partial();

/** Everything about a router that is a matter of taste or of place. What is left out is safe. */
export const settingsSchema = z
  .strictObject({
    operations: operations.describe('Persisted operations.'),
    limits: limits.describe('How large one operation may be.'),
    rates: z.array(rate).describe('How many operations somebody may send.'),
    origins: z.array(z.string()).describe('Sites whose pages may read answers: `https://shop.example`.'),
    trustedProxies: z.int().nonnegative().describe('How many proxies of ours append to `x-forwarded-for`.'),
    cacheMegabytes: z.int().nonnegative().describe('Memory for what is kept of answers; 0 keeps nothing.'),
    overrideLabels: z.array(z.string()).describe('Progressive `@override`s that hold by their label.'),
  })
  .partial();

export type Settings = z.input<typeof settingsSchema>;

/** Settings with everything that was left out. */
export type FullSettings = {
  readonly operations: {
    readonly mode: 'off' | 'log' | 'prefer' | 'only';
    readonly folder: string | null;
    readonly automatic: boolean;
  };
  readonly limits: typeof defaultOperationLimits & { readonly maxCost: number };
  readonly rates: readonly z.output<typeof rate>[];
  readonly origins: readonly string[];
  readonly trustedProxies: number;
  readonly cacheMegabytes: number;
  readonly overrideLabels: readonly string[];
};

/** In production only what was published is run, and everybody is counted; while developing nobody is in the way. */
export const fullSettings = (settings: Settings, production: boolean): FullSettings => ({
  operations: {
    mode: settings.operations?.mode ?? (production ? 'only' : 'log'),
    folder: settings.operations?.folder ?? null,
    automatic: settings.operations?.automatic ?? true,
  },
  limits: { ...defaultOperationLimits, maxCost: 20_000, ...withoutUndefined(settings.limits ?? {}) },
  rates: settings.rates ?? (production ? defaultRates : []),
  origins: settings.origins ?? [],
  trustedProxies: settings.trustedProxies ?? 0,
  cacheMegabytes: settings.cacheMegabytes ?? 64,
  overrideLabels: settings.overrideLabels ?? [],
});

const withoutUndefined = <T extends object>(given: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
