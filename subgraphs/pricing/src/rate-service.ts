import { append } from '@storegraph/events';
import type { IdempotencyConflict } from '@storegraph/idempotency';
import { type Database, transaction } from '@storegraph/postgres';
import { callerScope, type InvalidInput, parseInput, type Viewer } from '@storegraph/server';
import * as inputs from './inputs.ts';
import { once } from './once-service.ts';
import { saveRates, saveRoundingRule } from './rate-repository.ts';

export type RatesSet = { readonly __typename: 'ExchangeRatesSet' };
export type RuleSet = { readonly __typename: 'RoundingRuleSet' };

/** What prices are converted by, and how what comes out is rounded. */
export const createRates = ({
  db,
  baseCurrency,
}: {
  readonly db: Database;
  readonly baseCurrency: string;
}) => ({
  set: async (viewer: Viewer, input: unknown): Promise<RatesSet | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.exchangeRatesSet(baseCurrency), input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, ...command } = parsed.input;
    const intent = { scope: callerScope(viewer), operation: 'exchangeRatesSet', key, input };
    return transaction(db, (tx) =>
      once<RatesSet>(tx, intent, async () => {
        const changed = await saveRates(tx, { base: baseCurrency, ...command });
        append(
          tx,
          changed.map((currency) => ({
            type: 'pricing.exchange_rate_changed',
            aggregateId: currency,
            data: { currency },
          })),
        );
        return { __typename: 'ExchangeRatesSet' };
      }),
    );
  },

  setRounding: async (
    viewer: Viewer,
    input: unknown,
  ): Promise<RuleSet | InvalidInput | IdempotencyConflict> => {
    const parsed = parseInput(inputs.roundingRuleSet, input);
    if ('invalid' in parsed) return parsed.invalid;
    const { idempotencyKey: key, ...rule } = parsed.input;
    const { currency } = rule;
    const intent = { scope: callerScope(viewer), operation: 'roundingRuleSet', key, input };
    return transaction(db, (tx) =>
      once<RuleSet>(tx, intent, async () => {
        await saveRoundingRule(tx, rule);
        append(tx, [{ type: 'pricing.rounding_rule_changed', aggregateId: currency, data: { currency } }]);
        return { __typename: 'RoundingRuleSet' };
      }),
    );
  },
});
