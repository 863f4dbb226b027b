import { newId, type Transaction } from '@storegraph/postgres';
import { actorOf, noSecondFactor, type OpenAccount } from './account-domain.ts';
import { codeSubjects } from './attempt-domain.ts';
import type { AuditAction } from './audit-domain.ts';
import { audit } from './audit-repository.ts';
import { type Asking, asOwner, type Owner, ownerOf, whole } from './change-service.ts';
import * as inputs from './inputs.ts';
import { checkPassword } from './password-service.ts';
import { codeRefused, sessionEnded, totpAlreadyEnabled } from './refusal-domain.ts';
import { saveAccount } from './repository.ts';
import { base32, type Secrets } from './secrets-domain.ts';
import type { IdentityNeeds } from './service.ts';
import { otpauthUri, stepOfCode } from './totp-domain.ts';

/** Kept as text, since what is kept for repeats is JSON. */
export type TotpDisabledOutcome = { readonly disabledAt: string };

type CodeToTake = {
  readonly account: OpenAccount;
  readonly code: string;
  readonly takesRecovery: boolean;
};

/** Takes a code of an account that is held, once: false for one that is wrong or was used before. */
export const takeCode = async (
  tx: Transaction,
  { secrets }: { readonly secrets: Secrets },
  { account, code, takesRecovery }: CodeToTake,
): Promise<boolean> => {
  const { id, totpId, totpLastStep, recoveryId, recoveryUsed } = account;
  if (totpId === null) return false;
  const at = Date.now();
  const steps = secrets
    .totpSecrets(totpId)
    .map((secret) => stepOfCode(secret, code, { at, lastStep: totpLastStep }));
  const step = steps.find((one) => one !== null) ?? null;
  if (step !== null) {
    await saveAccount(tx, id, { totpLastStep: step });
    return true;
  }
  const place = takesRecovery && recoveryId !== null ? secrets.recoveryPlace(recoveryId, code) : null;
  if (place === null || (recoveryUsed & (1 << place)) !== 0) return false;
  await saveAccount(tx, id, { recoveryUsed: recoveryUsed | (1 << place) });
  return true;
};

const noted = (account: OpenAccount, action: AuditAction) => ({
  actor: actorOf(account),
  action,
  subjectId: account.id,
});

type Coded = { readonly code: string };

/** What is decided of a second factor, for an account that is held. */
const createRules = (needs: IdentityNeeds) => {
  const { attempts, post, secrets } = needs;
  const isTaken = (tx: Transaction, account: OpenAccount, code: string, takesRecovery = false) =>
    takeCode(tx, needs, { account, code, takesRecovery });
  /** New recovery codes; those given before end. */
  const giveCodes = async (tx: Transaction, account: OpenAccount, action: AuditAction): Promise<string> => {
    const recoveryId = newId();
    await saveAccount(tx, account.id, { recoveryId, recoveryUsed: 0 });
    await attempts.succeeded(tx, codeSubjects(account.id));
    audit(tx, [noted(account, action)]);
    return recoveryId;
  };

  return {
    enroll: async (tx: Transaction, { account }: Owner) => {
      if (account.totpEnabledAt !== null) return totpAlreadyEnabled();
      const totpId = newId();
      await saveAccount(tx, account.id, { totpId, totpKey: secrets.ids[0] ?? null, totpLastStep: 0 });
      return { __typename: 'TotpEnrolling' as const, totpId, email: account.email };
    },

    confirm: async (tx: Transaction, { account }: Owner, { code }: Coded) => {
      if (account.totpEnabledAt !== null || !(await isTaken(tx, account, code))) return codeRefused();
      const recoveryId = await giveCodes(tx, account, 'totp_enabled');
      await saveAccount(tx, account.id, { totpEnabledAt: new Date() });
      await post(tx, { kind: 'TOTP_ENABLED', account });
      return { __typename: 'TotpEnabled' as const, recoveryId };
    },

    renew: async (tx: Transaction, { account }: Owner, { code }: Coded) => {
      if (account.totpEnabledAt === null || !(await isTaken(tx, account, code))) return codeRefused();
      const recoveryId = await giveCodes(tx, account, 'recovery_codes_renewed');
      return { __typename: 'RecoveryCodesRenewed' as const, recoveryId };
    },

    disable: async (tx: Transaction, { account }: Owner, { code }: Coded) => {
      if (!(await isTaken(tx, account, code, true))) return codeRefused();
      await saveAccount(tx, account.id, noSecondFactor);
      await attempts.succeeded(tx, codeSubjects(account.id));
      audit(tx, [noted(account, 'totp_disabled')]);
      await post(tx, { kind: 'TOTP_DISABLED', account });
      return { __typename: 'TotpDisabled' as const, disabledAt: new Date().toISOString() };
    },
  };
};

/** The second factor: set up, confirmed by a first code, switched off by one. */
export const createTotp = (needs: IdentityNeeds) => {
  const { db, change, secrets, attempts, shopName } = needs;
  const rules = createRules(needs);

  /** Counts a code that is about to be looked at. */
  const counted = async (_command: unknown, { viewer }: Asking) => {
    const owner = await ownerOf(db, viewer);
    if (!owner) return { refusal: sessionEnded() };
    const delayed = await attempts.take(codeSubjects(owner.account.id));
    return delayed ? { refusal: delayed } : { ready: owner };
  };

  const enroll = change('totpEnroll', inputs.totpEnroll, {
    before: ({ password }, asking) => checkPassword(needs, asking, password),
    decide: asOwner(rules.enroll),
  });
  const confirm = change('totpConfirm', inputs.totpCode, { before: counted, decide: asOwner(rules.confirm) });
  const renew = change('recoveryCodesRenew', inputs.totpCode, {
    before: counted,
    decide: asOwner(rules.renew),
  });

  return {
    enroll: async (...asked: Parameters<typeof enroll>) => {
      const outcome = await enroll(...asked);
      if (outcome.__typename !== 'TotpEnrolling') return outcome;
      const bytes = secrets.totpSecret(outcome.totpId);
      const uri = otpauthUri(bytes, { shop: shopName, email: outcome.email });
      return whole(outcome, { __typename: outcome.__typename, uri, secret: base32(bytes) });
    },

    confirm: async (...asked: Parameters<typeof confirm>) => {
      const outcome = await confirm(...asked);
      if (outcome.__typename !== 'TotpEnabled') return outcome;
      const recoveryCodes = secrets.recoveryCodes(outcome.recoveryId);
      return whole(outcome, { __typename: outcome.__typename, recoveryCodes });
    },

    renew: async (...asked: Parameters<typeof renew>) => {
      const outcome = await renew(...asked);
      if (outcome.__typename !== 'RecoveryCodesRenewed') return outcome;
      const recoveryCodes = secrets.recoveryCodes(outcome.recoveryId);
      return whole(outcome, { __typename: outcome.__typename, recoveryCodes });
    },

    disable: change('totpDisable', inputs.totpDisable, {
      before: async ({ password }, asking) => {
        const checked = await checkPassword(needs, asking, password);
        return 'refusal' in checked ? checked : counted(null, asking);
      },
      decide: asOwner(rules.disable),
    }),
  };
};
