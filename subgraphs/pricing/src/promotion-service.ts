import { type Database, newId, type Transaction } from '@storegraph/postgres';
import type { z } from 'zod';
import { createChange, type Ending, ended } from './promotion-change-service.ts';
import type { Promotion } from './promotion-domain.ts';
import * as inputs from './promotion-inputs.ts';
import { countAutomatic, lockPromotion, writePromotion } from './promotion-repository.ts';
import { maxPromotions } from './promotion-stack-domain.ts';

export type PromotionSaved = { readonly __typename: 'PromotionSaved'; readonly promotionId: string };
type Refusal =
  | { readonly __typename: 'TooManyPromotions'; readonly message: string; readonly most: number }
  | {
      readonly __typename: 'VersionConflict';
      readonly message: string;
      readonly expected: number;
      readonly actual: number;
    };

/** What the shop gives, to whom and when. */
export const createPromotions = ({ db }: { readonly db: Database }) => ({
  save: createChange(db)('promotionSave', inputs.promotionSave, save),
});

type Command = z.output<typeof inputs.promotionSave>;

const save = async (
  tx: Transaction,
  { idempotencyKey: _, expectedVersion, ...wanted }: Command,
): Promise<Ending<PromotionSaved | Refusal>> => {
  const known = await lockPromotion(tx, wanted.code);
  const actual = known?.version ?? 0;
  if (expectedVersion !== null && expectedVersion !== actual) {
    const message = `The promotion has version ${actual}: read it again and decide anew.`;
    return ended({ __typename: 'VersionConflict', message, expected: expectedVersion, actual });
  }
  const isAutomatic = wanted.isActive && !wanted.needsCoupon;
  if (isAutomatic && (await countAutomatic(tx, known?.id ?? null)) >= maxPromotions) {
    const message = `${maxPromotions} promotions without a coupon are switched on already: switch one off first.`;
    return ended({ __typename: 'TooManyPromotions', message, most: maxPromotions });
  }
  const promotion: Promotion = { ...wanted, id: known?.id ?? newId(), version: actual + 1 };
  await writePromotion(tx, promotion);
  const { id: promotionId, code, isActive } = promotion;
  return ended({ __typename: 'PromotionSaved', promotionId }, [
    { type: 'pricing.promotion_saved', aggregateId: promotionId, data: { promotionId, code, isActive } },
  ]);
};
